package app

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/busbar-dev/busbar/internal/config"
	"github.com/busbar-dev/busbar/internal/flow/outside"
)

// mailOf gives the settings of mail to what sends it. The password is read for each mail, so that a new one needs no restart.
func mailOf(m config.Mail) outside.Mail {
	return outside.Mail{Server: m.MailServer, TLS: m.MailTLS, From: m.MailFrom, User: m.MailUser, Password: func() (string, error) {
		text, err := os.ReadFile(m.MailPasswordFile)
		if err != nil {
			return "", fmt.Errorf("read the password of the mail server: %w", err)
		}
		return strings.TrimRight(string(text), "\r\n"), nil
	}}
}

// hostName is what this machine calls itself.
func hostName() string {
	name, _ := os.Hostname()
	return cmp.Or(name, "localhost")
}
