#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Python's ssl as a peer: see Program.pm."""
import json
import socket
import ssl
import sys

GROUPS = {'X25519': 'X25519', 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1'}
SUITES = {'AES-128-GCM': 'AES128-GCM-SHA256', 'AES-256-GCM': 'AES256-GCM-SHA384',
          'CHACHA20-POLY1305': 'CHACHA20-POLY1305'}
SUITES13 = {'AES-128-GCM': 'TLS_AES_128_GCM_SHA256', 'AES-256-GCM': 'TLS_AES_256_GCM_SHA384',
            'CHACHA20-POLY1305': 'TLS_CHACHA20_POLY1305_SHA256', 'AES-128-CCM': 'TLS_AES_128_CCM_SHA256'}
KINDS = ('ECDSA-P-256', 'ECDSA-P-384', 'ECDSA-P-521', 'Ed25519', 'RSA', 'RSA-PSS')


def context(order, cert):
    server = order['role'] == 'server'
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    c.minimum_version = c.maximum_version = (
        ssl.TLSVersion.TLSv1_3 if order['version'] == '1.3' else ssl.TLSVersion.TLSv1_2)
    c.load_verify_locations(order['ca'])
    if 'cipher' in order:
        if order['version'] == '1.3':
            c.set_ciphersuites(SUITES13[order['cipher']])
        else:
            c.set_ciphers('ECDHE-%s-%s' % ('RSA' if order['rsa'] else 'ECDSA', SUITES[order['cipher']]))
    if len(order.get('groups', ())) == 1:
        c.set_ecdh_curve(GROUPS[order['groups'][0]])
    if cert:
        c.load_cert_chain(cert, order['key'])
    if 'alpn' in order:
        c.set_alpn_protocols(order['alpn'])
    if not order['tickets']:
        c.options |= ssl.OP_NO_TICKET
    if 'client_auth' in order:
        c.verify_mode = ssl.CERT_REQUIRED if order['client_auth'] == 'require' else ssl.CERT_OPTIONAL
    return c


def name_of(cert):
    for part in (cert or {}).get('subject', ()):
        for key, value in part:
            if key == 'commonName':
                return value
    return None


def facts(conn, error=None):
    print(json.dumps({
        'version': conn.version(), 'cipher': (conn.cipher() or ('',))[0], 'resumed': bool(conn.session_reused),
        'alpn': conn.selected_alpn_protocol(), 'peer': name_of(conn.getpeercert()), 'error': error}), flush=True)
    return error is None


def pattern(offset, size):
    return b''.join(b'%015d\n' % i for i in range(offset, offset + size, 16))


def read_exactly(conn, size):
    got = b''
    while len(got) < size:
        piece = conn.recv(size - len(got))
        if not piece:
            raise EOFError('%d bytes of %d' % (len(got), size))
        got += piece
    return got


def converse(conn, order):
    for i in range(order['blocks']):
        want = pattern(i * order['block'], order['block'])
        conn.sendall(want)
        if read_exactly(conn, order['block']) != want:
            return 'block %d comes back changed' % i
    return None


def client(order):
    c, session, good = context(order, order.get('cert')), None, True
    for _ in range(order['connections']):
        with socket.create_connection(('127.0.0.1', order['port'])) as raw:
            conn = c.wrap_socket(raw, server_hostname=order['server_name'], session=session)
            good = facts(conn, converse(conn, order)) and good
            session = conn.session
            conn.unwrap().close()
    return good


def echo(conn):
    while True:
        data = conn.recv(65536)
        if not data:
            return
        conn.sendall(data)


def server(order):
    c = context(order, order['cert'])
    if 'other_cert' in order:
        other = context(order, order['other_cert'])

        def choose(conn, name, _):
            if name == order['server_name']:
                conn.context = other
        c.sni_callback = choose
    with socket.create_server(('127.0.0.1', order['port'])) as listener:
        while True:
            raw, _ = listener.accept()
            try:
                with c.wrap_socket(raw, server_side=True, suppress_ragged_eofs=False) as conn:
                    echo(conn)
                    facts(conn)
                    conn.unwrap()
            except OSError as err:
                print(json.dumps({'error': str(err)}), flush=True)


def loads(pki, kind):
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            '%s/server-%s.chain.pem' % (pki, kind), '%s/%s.key' % (pki, kind))
        return True
    except ssl.SSLError:
        return False


def has_group(name):
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_ecdh_curve(name)
        return True
    except (ssl.SSLError, ValueError):
        return False


def ask(pki):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    there = {s['name'] for s in c.get_ciphers()}
    settable = hasattr(c, 'set_ciphersuites')
    lacks = [k for k in KINDS if not loads(pki, k)]
    lacks += [s for s, name in SUITES13.items() if name not in there and not settable]
    if not hasattr(ssl.SSLSocket, 'key_update'):
        lacks += ['update-peer', 'update-peer-request']
    if not hasattr(c, 'record_size_limit'):
        lacks += ['record-size-limit']
    fixed = [] if settable else ['TLS 1.3 cipher']
    # set_ecdh_curve() takes one.
    fixed += ['groups']
    fixed += [g for g, name in GROUPS.items() if not has_group(name)]
    print(json.dumps({'version': 'Python %s, %s' % (sys.version.split()[0], ' '.join(ssl.OPENSSL_VERSION.split()[:2])),
                      'lacks': lacks, 'fixed': fixed}))


def main():
    order = json.loads(sys.argv[1])
    if 'ask' in order:
        return ask(order['ask'])
    if order['role'] == 'server':
        return server(order)
    sys.exit(0 if client(order) else 1)


main()
