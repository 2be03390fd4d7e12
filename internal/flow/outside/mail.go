package outside

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
)

// How a mail server is spoken to.
const (
	StartTLS = "starttls" // TLS is asked for first, and nothing is sent without it
	TLS      = "tls"      // from the first byte
	Plain    = "none"
)

// Mail says how mail leaves. Without a Server none does.
type Mail struct {
	Server   string // HOST:PORT
	TLS      string
	From     string
	User     string                 // empty: no login
	Password func() (string, error) // asked at each mail
}

// Bounds of one mail: who gets it, and the characters of its subject.
const (
	maxTo      = 100
	maxSubject = 250
)

// message is a mail on its way.
type message struct {
	id, from string
	to       []string
	text     []byte
}

// compose writes a mail. Nothing in an effect can add a header to it or somebody who gets it.
func (s *Sender) compose(key string, e machine.Effect) (m message, wrong *problem.Error) {
	from, err := mail.ParseAddress(s.mail.From)
	if err != nil {
		return m, problem.New(problem.RequestUnanswered, "Mail cannot be sent: what an operator set as --mail-from is no address.").Wrap(err)
	}
	to, wrong := recipients(e.To)
	if wrong != nil {
		return m, wrong
	}
	subject := oneLine(e.Subject)
	if utf8.RuneCountInString(subject) > maxSubject {
		return m, unusable("The subject is longer than %d characters.", maxSubject)
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	m = message{id: "<" + key + "@" + domain + ">", from: from.Address}
	shown := make([]string, len(to))
	for i, a := range to {
		m.to, shown[i] = append(m.to, a.Address), a.String()
	}
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", from.String()}, {"To", strings.Join(shown, ",\r\n ")}, {"Subject", encoded(subject)}, {"Date", s.now().UTC().Format(time.RFC1123Z)}, {"Message-ID", m.id},
		{"Auto-Submitted", "auto-generated"}, {"MIME-Version", "1.0"}, {"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(strings.ToValidUTF8(e.Text, "\ufffd")))
	_ = w.Close()
	m.text = b.Bytes()
	return m, nil
}

// recipients reads who gets a mail: nobody twice.
func recipients(texts []string) (to []*mail.Address, wrong *problem.Error) {
	if len(texts) > maxTo {
		return nil, unusable("Mail goes to %d addresses at most.", maxTo)
	}
	known := map[string]bool{}
	for _, text := range texts {
		a, err := mail.ParseAddress(text)
		if err != nil || strings.ContainsFunc(a.Address, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsControl(r) || unicode.IsSpace(r) }) {
			return nil, unusable("%q is no address that mail can go to; write one such as anna@example.com.", text)
		}
		a.Name = oneLine(a.Name)
		if !known[a.Address] {
			to, known[a.Address] = append(to, a), true
		}
	}
	return to, nil
}

// oneLine takes line breaks and control characters out of a text.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	return strings.Join(strings.Fields(text), " ")
}

// encoded writes a text for a header, on lines that are not too long.
func encoded(text string) string {
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", text), "?= =?", "?=\r\n =?")
}

// sent is the result of a mail.
func (m message) sent() json.RawMessage {
	text, _ := json.Marshal(map[string]string{"message_id": m.id})
	return text
}

// atom checks what a key may be: it stands in headers and in the id of a mail.
func atom(key string) bool {
	return key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_/=+", r))
	})
}

// mode is how the server is spoken to; STARTTLS where nothing else is said.
func (m Mail) mode() string { return cmp.Or(m.TLS, StartTLS) }
