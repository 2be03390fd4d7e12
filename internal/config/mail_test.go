package config

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMailServer(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := Mail{MailServer: "smtp.example.com:587", MailTLS: "starttls", MailFrom: "Busbar <busbar@example.com>", MailUser: "busbar", MailPasswordFile: file}
	const server, from, tls, user, password = "--mail-server (BUSBAR_MAIL_SERVER)", "--mail-from (BUSBAR_MAIL_FROM)", "--mail-tls (BUSBAR_MAIL_TLS)", "--mail-user (BUSBAR_MAIL_USER)", "--mail-password-file (BUSBAR_MAIL_PASSWORD_FILE)"
	for name, tt := range map[string]struct {
		change func(*Mail)
		want   []string
	}{
		"whole":                   {func(*Mail) {}, nil},
		"none":                    {func(m *Mail) { *m = Mail{MailTLS: "starttls"} }, nil},
		"without a login":         {func(m *Mail) { m.MailUser, m.MailPasswordFile, m.MailTLS = "", "", "none" }, nil},
		"no server":               {func(m *Mail) { m.MailServer = "" }, []string{server}},
		"no port":                 {func(m *Mail) { m.MailServer = "smtp.example.com" }, []string{server}},
		"a port that is a word":   {func(m *Mail) { m.MailServer = "smtp.example.com:smtp" }, []string{server}},
		"no host":                 {func(m *Mail) { m.MailServer = ":25" }, []string{server}},
		"from nobody":             {func(m *Mail) { m.MailFrom = "" }, []string{from}},
		"from two":                {func(m *Mail) { m.MailFrom = "a@example.com, b@example.com" }, []string{from}},
		"another way":             {func(m *Mail) { m.MailTLS = "ssl" }, []string{tls}},
		"a password in the clear": {func(m *Mail) { m.MailTLS = "none" }, []string{tls}},
		"no password":             {func(m *Mail) { m.MailPasswordFile = "" }, []string{password}},
		"no file":                 {func(m *Mail) { m.MailPasswordFile = file + ".no" }, []string{password}},
		"no user":                 {func(m *Mail) { m.MailUser = "" }, []string{user}},
	} {
		s := good()
		s.Mail = whole
		tt.change(&s.Mail)
		t.Log(name)
		expectKeys(t, s.Check(), tt.want)
	}
}
