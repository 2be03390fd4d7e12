package outside_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/busbar-dev/busbar/internal/flow/outside"
)

// mailServer is a mail server that takes mail for anybody, speaks SMTP strictly, and goes wrong where it is told to.
type mailServer struct {
	ways   string            // of logging in that it offers; empty: none
	noTLS  bool              // it does not offer STARTTLS
	secure bool              // TLS from the first byte
	say    map[string]string // answers by the command they are to, or the beginning of its line; "hang up" closes the connection
	config *tls.Config

	address string
	roots   *x509.CertPool

	mu    sync.Mutex
	mails []mailed
	lines []string // that clients sent, logins and mails left out
}

type mailed struct {
	from, text string
	to         []string
	login      string // USER:PASSWORD
	safe       bool   // by TLS
}

// start lets it listen on loopback.
func (m *mailServer) start(t *testing.T) *mailServer {
	t.Helper()
	web := httptest.NewTLSServer(nil)
	m.config, m.roots = &tls.Config{Certificates: web.TLS.Certificates}, x509.NewCertPool()
	m.roots.AddCert(web.Certificate())
	web.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if m.address = l.Addr().String(); m.secure {
		l = tls.NewListener(l, m.config)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go m.serve(conn)
		}
	}()
	return m
}

// mail gives the settings that lead here.
func (m *mailServer) mail() outside.Mail {
	return outside.Mail{Server: m.address, From: "Busbar <flows@example.com>"}
}

// taken gives the mails that it took.
func (m *mailServer) taken() []mailed {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]mailed(nil), m.mails...)
}

// dialogue is one connection.
type dialogue struct {
	*mailServer
	conn net.Conn
	in   *bufio.Reader
	mail mailed
}

func (m *mailServer) serve(conn net.Conn) {
	d := &dialogue{mailServer: m, conn: conn, in: bufio.NewReader(conn)}
	d.mail.safe = m.secure
	defer func() { _ = d.conn.Close() }()
	if !d.answer("greeting", "220 mail.example.com ESMTP") {
		return
	}
	for {
		line, err := d.line()
		if err != nil || !d.command(line) {
			return
		}
	}
}

func (d *dialogue) line() (string, error) {
	line, err := d.in.ReadString('\n')
	if err == nil && !strings.HasSuffix(line, "\r\n") {
		return "", io.ErrUnexpectedEOF
	}
	return strings.TrimSuffix(line, "\r\n"), err
}

// answer says what the plan says, or what is right; false: the connection is over.
func (d *dialogue) answer(line, right string) bool {
	for begin, other := range d.say {
		if strings.HasPrefix(line, begin) {
			right = other
		}
	}
	if right == "hang up" {
		return false
	}
	_, err := fmt.Fprintf(d.conn, "%s\r\n", right)
	return err == nil
}

func (d *dialogue) command(line string) bool {
	d.mu.Lock()
	d.lines = append(d.lines, line)
	d.mu.Unlock()
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "EHLO":
		return d.answer(line, "250-mail.example.com\r\n"+d.offers()+"250 8BITMIME")
	case "STARTTLS":
		return d.startTLS(line)
	case "AUTH":
		return d.logIn(line, rest)
	case "MAIL":
		d.mail.from = rest
		return d.answer(line, "250 2.1.0 ok")
	case "RCPT":
		d.mail.to = append(d.mail.to, strings.TrimSuffix(strings.TrimPrefix(rest, "TO:<"), ">"))
		return d.answer(line, "250 2.1.5 ok")
	case "DATA":
		return d.answer(line, "354 go on") && (d.say["DATA"] != "" || d.take())
	case "QUIT":
		d.answer(line, "221 bye")
		return false
	}
	return d.answer(line, "502 5.5.2 no such command")
}

func (d *dialogue) offers() (lines string) {
	if !d.noTLS && !d.mail.safe {
		lines += "250-STARTTLS\r\n"
	}
	if d.ways != "" {
		lines += "250-AUTH " + d.ways + "\r\n"
	}
	return lines
}

func (d *dialogue) startTLS(line string) bool {
	if !d.answer(line, "220 go on") {
		return false
	}
	d.conn = tls.Server(d.conn, d.config)
	d.in, d.mail.safe = bufio.NewReader(d.conn), true
	return true
}

func (d *dialogue) logIn(line, rest string) bool {
	way, first, _ := strings.Cut(rest, " ")
	if !strings.Contains(" "+d.ways+" ", " "+way+" ") {
		return d.answer(line, "504 5.5.4 no such way")
	}
	if way == "LOGIN" {
		user, pass := d.ask("Username:"), d.ask("Password:")
		d.mail.login = user + ":" + pass
		return d.answer(line, "235 2.7.0 ok")
	}
	plain, _ := base64.StdEncoding.DecodeString(first)
	parts := strings.Split(string(plain), "\x00")
	if len(parts) != 3 {
		return d.answer(line, "535 5.7.8 no")
	}
	d.mail.login = parts[1] + ":" + parts[2]
	return d.answer(line, "235 2.7.0 ok")
}

func (d *dialogue) ask(what string) string {
	fmt.Fprintf(d.conn, "334 %s\r\n", base64.StdEncoding.EncodeToString([]byte(what)))
	line, _ := d.line()
	plain, _ := base64.StdEncoding.DecodeString(line)
	return string(plain)
}

// take reads a mail to its end.
func (d *dialogue) take() bool {
	var text strings.Builder
	for {
		line, err := d.line()
		if err != nil {
			return false
		}
		if line == "." {
			break
		}
		text.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
	}
	if _, spoilt := d.say["."]; !spoilt {
		d.mail.text = text.String()
		d.mu.Lock()
		d.mails = append(d.mails, d.mail)
		d.mu.Unlock()
	}
	return d.answer(".", "250 2.0.0 queued")
}
