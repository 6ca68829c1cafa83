// SPDX-License-Identifier: MIT

// Go's crypto/tls as a peer: see Program.pm.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"runtime"
)

type order struct {
	Ask         string
	Role        string
	Port        int
	Version     string
	Cipher      string
	Rsa         bool
	Groups      []string
	Cert        string
	Key         string
	OtherCert   string `json:"other_cert"`
	Ca          string
	ClientAuth  string `json:"client_auth"`
	Alpn        []string
	Tickets     bool
	ServerName  string `json:"server_name"`
	Connections int
	Block       int
	Blocks      int
}

var groups = map[string]tls.CurveID{
	"X25519": tls.X25519, "P-256": tls.CurveP256, "P-384": tls.CurveP384, "P-521": tls.CurveP521,
}

// Of TLS 1.2: ECDSA's, RSA's. Those of TLS 1.3 can't be chosen.
var suites = map[string][2]uint16{
	"AES-128-GCM": {tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
	"AES-256-GCM": {tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
	"CHACHA20-POLY1305": {tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256},
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func config(o order) *tls.Config {
	c := &tls.Config{ServerName: o.ServerName, NextProtos: o.Alpn, SessionTicketsDisabled: !o.Tickets,
		MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12}
	if o.Version == "1.3" {
		c.MinVersion, c.MaxVersion = tls.VersionTLS13, tls.VersionTLS13
	}
	if o.Cipher != "" {
		i := 0
		if o.Rsa {
			i = 1
		}
		c.CipherSuites = []uint16{suites[o.Cipher][i]}
	}
	for _, g := range o.Groups {
		c.CurvePreferences = append(c.CurvePreferences, groups[g])
	}
	for _, file := range []string{o.Cert, o.OtherCert} {
		if file != "" {
			cert, err := tls.LoadX509KeyPair(file, o.Key)
			check(err)
			c.Certificates = append(c.Certificates, cert)
		}
	}
	pem, err := os.ReadFile(o.Ca)
	check(err)
	c.RootCAs = x509.NewCertPool()
	c.RootCAs.AppendCertsFromPEM(pem)
	c.ClientCAs = c.RootCAs
	switch o.ClientAuth {
	case "request":
		c.ClientAuth = tls.VerifyClientCertIfGiven
	case "require":
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	c.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	return c
}

func facts(conn *tls.Conn, err error) bool {
	s := conn.ConnectionState()
	out := map[string]interface{}{"version": s.Version, "cipher": tls.CipherSuiteName(s.CipherSuite),
		"resumed": s.DidResume, "alpn": nil, "peer": nil, "error": nil}
	if s.NegotiatedProtocol != "" {
		out["alpn"] = s.NegotiatedProtocol
	}
	if len(s.PeerCertificates) != 0 {
		out["peer"] = s.PeerCertificates[0].Subject.CommonName
	}
	if err != nil {
		out["error"] = err.Error()
	}
	line, _ := json.Marshal(out)
	fmt.Println(string(line))
	return err == nil
}

func pattern(offset, size int) []byte {
	var b bytes.Buffer
	for i := offset; i < offset+size; i += 16 {
		fmt.Fprintf(&b, "%015d\n", i)
	}
	return b.Bytes()
}

func converse(conn *tls.Conn, o order) error {
	got := make([]byte, o.Block)
	for i := 0; i < o.Blocks; i++ {
		want := pattern(i*o.Block, o.Block)
		if _, err := conn.Write(want); err != nil {
			return err
		}
		if _, err := io.ReadFull(conn, got); err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("block %d comes back changed", i)
		}
	}
	return nil
}

func client(o order) bool {
	c, good := config(o), true
	for i := 0; i < o.Connections; i++ {
		conn, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", o.Port), c)
		check(err)
		good = facts(conn, converse(conn, o)) && good
		// Reads to the end: the last ticket may stand there.
		conn.CloseWrite()
		io.Copy(io.Discard, conn)
		conn.Close()
	}
	return good
}

func echo(raw net.Conn, c *tls.Config) {
	conn := tls.Server(raw, c)
	defer conn.Close()
	_, err := io.Copy(conn, conn)
	facts(conn, err)
}

func server(o order) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", o.Port))
	check(err)
	c := config(o)
	for {
		raw, err := listener.Accept()
		check(err)
		echo(raw, c)
	}
}

// Whether it resumes a TLS 1.2 session without tickets, with itself.
func resumesByID(o order) bool {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	o.Version, o.ServerName, o.Tickets = "1.2", "localhost", false
	c := config(o)
	go func() {
		for {
			raw, err := listener.Accept()
			check(err)
			tls.Server(raw, c).Handshake()
		}
	}()
	resumed := false
	for i := 0; i < 2; i++ {
		conn, err := tls.Dial("tcp", listener.Addr().String(), c)
		check(err)
		resumed = conn.ConnectionState().DidResume
		conn.Close()
	}
	return resumed
}

func ask(pki string) {
	lacks := []string{}
	for name, want := range map[string]string{"AES-128-CCM": "TLS_AES_128_CCM_SHA256"} {
		found := false
		for _, s := range tls.CipherSuites() {
			found = found || s.Name == want
		}
		if !found {
			lacks = append(lacks, name)
		}
	}
	for _, kind := range []string{"ECDSA-P-256", "ECDSA-P-384", "ECDSA-P-521", "Ed25519", "RSA", "RSA-PSS"} {
		if _, err := tls.LoadX509KeyPair(pki+"/server-"+kind+".chain.pem", pki+"/"+kind+".key"); err != nil {
			lacks = append(lacks, kind)
		}
	}
	if _, has := reflect.TypeOf(&tls.Conn{}).MethodByName("KeyUpdate"); !has {
		lacks = append(lacks, "update-peer", "update-peer-request")
	}
	if _, has := reflect.TypeOf(tls.Config{}).FieldByName("RecordSizeLimit"); !has {
		lacks = append(lacks, "record-size-limit")
	}
	o := order{Ca: pki + "/root.pem", Cert: pki + "/server-RSA.chain.pem", Key: pki + "/RSA.key"}
	if !resumesByID(o) {
		lacks = append(lacks, "session-id")
	}
	line, _ := json.Marshal(map[string]interface{}{"version": "Go " + runtime.Version()[2:], "lacks": lacks,
		"fixed": []string{"TLS 1.3 cipher"}})
	fmt.Println(string(line))
}

func main() {
	var o order
	check(json.Unmarshal([]byte(os.Args[1]), &o))
	if o.Ask != "" {
		ask(o.Ask)
	} else if o.Role == "server" {
		server(o)
	} else if !client(o) {
		os.Exit(1)
	}
}
