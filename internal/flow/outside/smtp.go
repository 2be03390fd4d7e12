package outside

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
)

// sendMail hands a mail to the mail server: to all who get it, or to nobody.
func (s *Sender) sendMail(ctx context.Context, key string, e machine.Effect) machine.Result {
	if s.mail.Server == "" {
		return machine.Result{Failure: problem.New(problem.RequestUnusable, "This Busbar sends no mail: an operator has to name a mail server (--mail-server) and who it is from (--mail-from).")}
	}
	m, wrong := s.compose(key, e)
	if wrong != nil {
		return machine.Result{Failure: wrong}
	}
	password, err := s.mail.password()
	if err != nil {
		return machine.Result{Failure: problem.New(problem.RequestUnusable, "Mail cannot be sent: the file of --mail-password-file cannot be read.").Wrap(err)}
	}
	ctx, cancel, limit := within(ctx, e)
	defer cancel()
	err = s.line.Send(ctx, func(ctx context.Context, pass func() error) error { return s.deliver(ctx, m, password, pass) }, func(error) bool { return true })
	if err != nil {
		return undelivered(err, limit, password)
	}
	return machine.Result{Value: m.sent()}
}

func (m Mail) password() (string, error) {
	if m.User == "" || m.Password == nil {
		return "", nil
	}
	return m.Password()
}

// errNoTLS is what a server meets that does not offer TLS.
var errNoTLS = errors.New("the mail server does not offer TLS")

// deliver speaks SMTP. pass lets the mail itself go out.
func (s *Sender) deliver(ctx context.Context, m message, password string, pass func() error) error {
	c, hangUp, err := s.greet(ctx, password)
	if err != nil {
		return err
	}
	defer hangUp()
	if err := c.Mail(m.from); err != nil {
		return fmt.Errorf("name the sender: %w", err)
	}
	for _, to := range m.to {
		if err := c.Rcpt(to); err != nil {
			return fmt.Errorf("name who gets it: %w", err)
		}
	}
	w, err := c.Data()
	if err != nil {
		return fmt.Errorf("begin the mail: %w", err)
	}
	if err := pass(); err != nil {
		return err
	}
	if _, err := w.Write(m.text); err != nil {
		return fmt.Errorf("send the mail: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("end the mail: %w", err)
	}
	_ = c.Quit() // it is delivered, whatever comes of that
	return nil
}

// greet opens a connection that is ready for mail. hangUp closes it.
func (s *Sender) greet(ctx context.Context, password string) (c *smtp.Client, hangUp func(), err error) {
	conn, err := s.line.Dial(ctx, "tcp", s.mail.Server)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	hangUp = func() { stop(); _ = conn.Close() }
	if c, err = s.hello(ctx, conn, password); err != nil {
		hangUp()
		return nil, nil, err
	}
	return c, hangUp, nil
}

func (s *Sender) hello(ctx context.Context, conn net.Conn, password string) (*smtp.Client, error) {
	host, _, _ := net.SplitHostPort(s.mail.Server)
	config, err := s.line.TLS(host)
	if err != nil {
		return nil, err
	}
	if s.mail.mode() == TLS {
		wrapped := tls.Client(conn, config)
		if err := wrapped.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = wrapped
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return nil, fmt.Errorf("be greeted: %w", err)
	}
	if err := c.Hello(s.host); err != nil {
		return nil, fmt.Errorf("greet: %w", err)
	}
	if s.mail.mode() == StartTLS {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return nil, errNoTLS
		}
		if err := c.StartTLS(config); err != nil {
			return nil, fmt.Errorf("begin TLS: %w", err)
		}
	}
	return c, s.mail.logIn(c, host, password)
}

// logIn proves who sends, in the way that the server offers.
func (m Mail) logIn(c *smtp.Client, host, password string) error {
	if m.User == "" {
		return nil
	}
	way := smtp.PlainAuth("", m.User, password, host)
	if _, offered := c.Extension("AUTH"); !strings.Contains(" "+offered+" ", " PLAIN ") && strings.Contains(" "+offered+" ", " LOGIN ") {
		way = &login{m.User, password}
	}
	if err := c.Auth(way); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	return nil
}

// login is the way to log in that some servers offer alone.
type login struct{ user, password string }

func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS {
		return "", nil, errNoTLS
	}
	return "LOGIN", nil, nil
}

func (l *login) Next(asked []byte, more bool) ([]byte, error) {
	switch {
	case !more:
		return nil, nil
	case bytes.HasPrefix(bytes.ToLower(asked), []byte("user")):
		return []byte(l.user), nil
	}
	return []byte(l.password), nil
}

// undelivered is what came of a mail that the server did not take.
func undelivered(err error, limit time.Duration, password string) machine.Result {
	var no *textproto.Error
	p := peer{host: "The mail server", again: true, limit: limit}
	switch {
	case errors.Is(err, errNoTLS):
		return p.open("The mail server does not offer TLS, and without it nothing is sent. An operator can name another port, or another way (--mail-tls).", true, err)
	case !errors.As(err, &no):
		return p.unanswered(err)
	}
	told := secret.Credentials{}.Redact(no.Msg, password)
	f := problem.Newf(problem.UnexpectedAnswer, "The mail server answered %d.", no.Code).Wrap(errors.New(secret.Credentials{}.Redact(err.Error(), password)))
	f.Upstream = &problem.Upstream{Status: no.Code, Message: told}
	return machine.Result{Failure: f}
}
