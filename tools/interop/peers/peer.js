#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Node's tls as a peer: see Program.pm.
'use strict';
const constants = require('constants');
const crypto = require('crypto');
const fs = require('fs');
const tls = require('tls');

const suites = { 'AES-128-GCM': 'AES128-GCM-SHA256', 'AES-256-GCM': 'AES256-GCM-SHA384',
	'CHACHA20-POLY1305': 'CHACHA20-POLY1305' };
const suites13 = { 'AES-128-GCM': 'TLS_AES_128_GCM_SHA256', 'AES-256-GCM': 'TLS_AES_256_GCM_SHA384',
	'CHACHA20-POLY1305': 'TLS_CHACHA20_POLY1305_SHA256', 'AES-128-CCM': 'TLS_AES_128_CCM_SHA256' };
const groups = { X25519: 'X25519', 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' };
const kinds = ['ECDSA-P-256', 'ECDSA-P-384', 'ECDSA-P-521', 'Ed25519', 'RSA', 'RSA-PSS'];

function options(order, cert) {
	const o = { ca: fs.readFileSync(order.ca), minVersion: 'TLSv' + order.version,
		maxVersion: 'TLSv' + order.version, ecdhCurve: Object.values(groups).join(':') };
	const all = Object.values(suites13).join(':');

	if (order.cipher)
		o.ciphers = order.version === '1.3' ? suites13[order.cipher] :
			`ECDHE-${order.rsa ? 'RSA' : 'ECDSA'}-${suites[order.cipher]}`;
	else
		o.ciphers = all + ':' + crypto.constants.defaultCoreCipherList;
	if (order.groups)
		o.ecdhCurve = order.groups.map((g) => groups[g]).join(':');
	if (cert) {
		o.cert = fs.readFileSync(cert);
		o.key = fs.readFileSync(order.key);
	}
	if (order.alpn)
		o.ALPNProtocols = order.alpn;
	if (!order.tickets)
		o.secureOptions = constants.SSL_OP_NO_TICKET;
	if (order.client_auth) {
		o.requestCert = true;
		o.rejectUnauthorized = order.client_auth === 'require';
	}
	return o;
}

function facts(conn, error) {
	const cipher = conn.getCipher(), peer = conn.getPeerCertificate();

	console.log(JSON.stringify({ version: conn.getProtocol(), cipher: cipher ? cipher.standardName : '',
		resumed: conn.isSessionReused(), alpn: conn.alpnProtocol || null,
		peer: peer && peer.subject ? peer.subject.CN : null, error: error || null }));
}

function pattern(offset, size) {
	let text = '';

	for (let i = offset; i < offset + size; i += 16)
		text += String(i).padStart(15, '0') + '\n';
	return text;
}

function client(order, left, session) {
	let got = '', block = 0, latest;
	const conn = tls.connect({ ...options(order, order.cert), host: '127.0.0.1', port: order.port,
		servername: order.server_name, session });
	const send = () => conn.write(pattern(block * order.block, order.block));

	conn.setEncoding('latin1');
	conn.on('session', (s) => { latest = s; });
	conn.on('secureConnect', send);
	conn.on('data', (data) => {
		got += data;
		if (got.length < order.block)
			return;
		const changed = got !== pattern(block * order.block, order.block);
		got = '';
		if (!changed && ++block < order.blocks)
			return send();
		facts(conn, changed ? `block ${block} comes back changed` : null);
		process.exitCode ||= changed ? 1 : 0;
		conn.end();
	});
	conn.on('error', (err) => {
		console.log(JSON.stringify({ error: err.message }));
		process.exitCode = 1;
	});
	conn.on('close', () => {
		if (left > 1)
			client(order, left - 1, latest);
	});
}

function server(order) {
	const listener = tls.createServer(options(order, order.cert)), sessions = new Map();

	if (order.other_cert)
		listener.addContext(order.server_name, tls.createSecureContext(options(order, order.other_cert)));
	listener.on('newSession', (id, data, done) => {
		sessions.set(id.toString('hex'), data);
		done();
	});
	listener.on('resumeSession', (id, done) => done(null, sessions.get(id.toString('hex')) || null));
	listener.on('secureConnection', (conn) => {
		conn.pipe(conn);
		conn.on('end', () => facts(conn));
		conn.on('error', (err) => console.log(JSON.stringify({ error: err.message })));
	});
	listener.on('tlsClientError', (err) => console.log(JSON.stringify({ error: err.message })));
	listener.listen(order.port, '127.0.0.1');
}

function works(f) {
	try {
		f();
		return true;
	} catch (err) {
		return false;
	}
}

function ask(pki) {
	const there = tls.getCiphers(), lacks = [];

	for (const [name, suite] of Object.entries(suites13))
		if (!there.includes(suite.toLowerCase()))
			lacks.push(name);
	for (const [name, curve] of Object.entries(groups))
		if (!works(() => tls.createSecureContext({ ecdhCurve: curve })))
			lacks.push(name);
	for (const kind of kinds)
		if (!works(() => tls.createSecureContext({ cert: fs.readFileSync(`${pki}/server-${kind}.chain.pem`),
			key: fs.readFileSync(`${pki}/${kind}.key`) })))
			lacks.push(kind);
	if (!tls.TLSSocket.prototype.keyUpdate)
		lacks.push('update-peer', 'update-peer-request');
	if (!tls.TLSSocket.prototype.setRecordSizeLimit)
		lacks.push('record-size-limit');
	console.log(JSON.stringify({ version: `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`,
		lacks, fixed: [] }));
}

const order = JSON.parse(process.argv[2]);
if (order.ask)
	ask(order.ask);
else if (order.role === 'server')
	server(order);
else
	client(order, order.connections);
