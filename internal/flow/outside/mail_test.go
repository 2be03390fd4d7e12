package outside_test

import (
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/flow/outside"
	"github.com/busbar-dev/busbar/internal/problem"
)

func password() (string, error) { return "opensesame-9", nil }

func effectOfMail() machine.Effect {
	return machine.Effect{To: []string{"Anna Müller <anna@example.com>", "ben@example.org", "anna@example.com"}, Subject: "Überfällig: 3 Aufträge", Text: "Drei Aufträge:\n.\n. WO-1 = offen\n"}
}

func TestMailArrives(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		server *mailServer
		change func(*outside.Mail)
		login  string
		safe   bool
	}{
		"by STARTTLS":               {&mailServer{}, func(*outside.Mail) {}, "", true},
		"by TLS":                    {&mailServer{secure: true}, func(m *outside.Mail) { m.TLS = outside.TLS }, "", true},
		"without TLS":               {&mailServer{noTLS: true}, func(m *outside.Mail) { m.TLS = outside.Plain }, "", false},
		"with a login":              {&mailServer{ways: "LOGIN PLAIN"}, func(m *outside.Mail) { m.User, m.Password = "busbar", password }, "busbar:opensesame-9", true},
		"with a login of its own":   {&mailServer{ways: "XOAUTH2 LOGIN"}, func(m *outside.Mail) { m.User, m.Password = "busbar", password }, "busbar:opensesame-9", true},
		"with words at the end too": {&mailServer{say: map[string]string{"QUIT": "hang up"}}, func(*outside.Mail) {}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := test.server.start(t)
			m := server.mail()
			test.change(&m)
			v := value(t, sender(t, egress.Options{Allow: loopback, RootCAs: server.roots}, m).Notify(t.Context(), "run/told/0", effectOfMail()))
			got := server.taken()
			if v.MessageID != "<run/told/0@example.com>" || len(got) != 1 || got[0].login != test.login || got[0].safe != test.safe {
				t.Fatalf("%+v %+v", v, got)
			}
			if !slices.Contains(server.lines, "EHLO busbar.test") || !strings.HasPrefix(got[0].from, "FROM:<flows@example.com>") || !slices.Equal(got[0].to, []string{"anna@example.com", "ben@example.org"}) {
				t.Errorf("%q %+v", server.lines, got[0])
			}
			read(t, got[0].text)
		})
	}
}

// read checks that mail programs see the mail as it was meant.
func read(t *testing.T, text string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != effectOfMail().Subject {
		t.Errorf("the subject %q: %v", subject, err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 2 || to[0].Name != "Anna Müller" {
		t.Errorf("to %v: %v", to, err)
	}
	at, err := m.Header.Date()
	if err != nil || !at.Equal(instant()) || m.Header.Get("Message-Id") != "<run/told/0@example.com>" || m.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("%v: %v", m.Header, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != effectOfMail().Text {
		t.Errorf("the text %q: %v", body, err)
	}
}

func TestNothingCanBeAddedToAMail(t *testing.T) {
	t.Parallel()
	server := (&mailServer{}).start(t)
	s := sender(t, egress.Options{Allow: loopback, RootCAs: server.roots}, server.mail())
	const more = "\r\nBcc: eve@example.com\r\n\r\nanother text"
	for _, end := range []string{"\r\n", "\n", "\r", "\u2028", "\x00"} {
		e := effectOfMail()
		e.Subject = "Late" + end + "Bcc: eve@example.com" + end + end + "another text"
		value(t, s.Notify(t.Context(), "k", e))
	}
	e := effectOfMail()
	e.Text = "Late" + more + "\r\n.\r\nMAIL FROM:<eve@example.com>\r\n"
	value(t, s.Notify(t.Context(), "k", e))
	for _, m := range server.taken() {
		got, err := mail.ReadMessage(strings.NewReader(m.text))
		if err != nil || len(got.Header) != 9 || got.Header.Get("Bcc") != "" || len(m.to) != 2 {
			t.Errorf("%v: %+v", err, m)
		}
	}
	taken := len(server.taken())
	for _, to := range []string{"", "anna", "anna@example.com" + more, "a@example.com>\r\nRCPT TO:<eve@example.com", "a@example.com, eve@example.com", "\"a\r\nBcc: eve\"@example.com", "\"a b\"@example.com", "jörg@example.com"} {
		e := effectOfMail()
		e.To = append(e.To, to)
		wantCode(t, s.Notify(t.Context(), "k", e), problem.RequestUnusable, false)
	}
	e = effectOfMail()
	e.Subject = strings.Repeat("ä", 251)
	wantCode(t, s.Notify(t.Context(), "k", e), problem.RequestUnusable, false)
	wantCode(t, s.Notify(t.Context(), "k>\r\nBcc: <eve@example.com", effectOfMail()), problem.Internal, false)
	if n := len(server.taken()); n != taken || taken != 6 {
		t.Errorf("%d mails, then %d", taken, n)
	}
	e.Subject = strings.Repeat("ä", 250)
	value(t, s.Notify(t.Context(), "k", e))
	for _, line := range strings.Split(server.taken()[taken].text, "\r\n") {
		if len(line) > 100 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
}

// A mail goes to all or to nobody, and what the server says is told without the password.
func TestMailThatDoesNotArrive(t *testing.T) {
	t.Parallel()
	const refused, unanswered = problem.UnexpectedAnswer, problem.RequestUnanswered
	for name, test := range map[string]struct {
		server *mailServer
		change func(*outside.Mail)
		code   problem.Code
		words  string
	}{
		"not greeted":          {&mailServer{say: map[string]string{"greeting": "hang up"}}, nil, unanswered, "does not answer"},
		"busy":                 {&mailServer{say: map[string]string{"greeting": "421 4.3.2 busy"}}, nil, refused, "421"},
		"no TLS":               {&mailServer{noTLS: true}, nil, unanswered, "--mail-tls"},
		"TLS refused":          {&mailServer{say: map[string]string{"STARTTLS": "454 4.7.0 no"}}, nil, refused, "454"},
		"the sender refused":   {&mailServer{say: map[string]string{"MAIL": "550 5.1.0 not from you"}}, nil, refused, "not from you"},
		"one of them refused":  {&mailServer{say: map[string]string{"RCPT TO:<ben": "550 5.1.1 no such ben"}}, nil, refused, "no such ben"},
		"too large":            {&mailServer{say: map[string]string{"DATA": "552 5.3.4 too large"}}, nil, refused, "552"},
		"refused at the end":   {&mailServer{say: map[string]string{".": "554 5.7.1 spam"}}, nil, refused, "spam"},
		"lost at the end":      {&mailServer{say: map[string]string{".": "hang up"}}, nil, unanswered, "does not answer"},
		"the login refused":    {&mailServer{ways: "PLAIN", say: map[string]string{"AUTH": "535 5.7.8 opensesame-9 is wrong"}}, func(m *outside.Mail) { m.User, m.Password = "u", password }, refused, "is wrong"},
		"a login in the clear": {&mailServer{noTLS: true, ways: "LOGIN"}, func(m *outside.Mail) { m.TLS, m.User, m.Password = outside.Plain, "u", password }, unanswered, "TLS"},
		"no password": {&mailServer{ways: "PLAIN"}, func(m *outside.Mail) {
			m.User, m.Password = "u", func() (string, error) { return "", errors.New("gone") }
		}, problem.RequestUnusable, "--mail-password-file"},
		"no mail server":            {&mailServer{}, func(m *outside.Mail) { *m = outside.Mail{} }, problem.RequestUnusable, "--mail-server"},
		"TLS where there is no":     {&mailServer{}, func(m *outside.Mail) { m.TLS = outside.TLS }, unanswered, "TLS"},
		"silent":                    {&mailServer{secure: true}, nil, unanswered, "does not answer"},
		"from nobody in particular": {&mailServer{}, func(m *outside.Mail) { m.From = "flows" }, unanswered, "--mail-from"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := test.server.start(t)
			m := server.mail()
			if test.change != nil {
				test.change(&m)
			}
			e := effectOfMail()
			e.Timeout = 2 * time.Second
			if name == "silent" {
				e.Timeout = 200 * time.Millisecond
			}
			r := sender(t, egress.Options{Allow: loopback, RootCAs: server.roots}, m).Notify(t.Context(), "k", e)
			wantCode(t, r, test.code, false, test.words)
			if n := len(server.taken()); n != 0 {
				t.Errorf("%d mails arrived", n)
			}
			if r.Failure == nil || strings.Contains(told(r), "opensesame") || r.Failure.Err != nil && strings.Contains(r.Failure.Err.Error(), "opensesame") {
				t.Errorf("%s (%v)", told(r), r.Failure)
			}
		})
	}
	server := (&mailServer{}).start(t)
	wantCode(t, sender(t, egress.Options{RootCAs: server.roots}, server.mail()).Notify(t.Context(), "k", effectOfMail()), unanswered, false, "--allow")
	wantCode(t, sender(t, egress.Options{Allow: loopback}, server.mail()).Notify(t.Context(), "k", effectOfMail()), unanswered, false, "--ca-file")
}
