package config

import (
	"net"
	"net/mail"
	"strconv"
)

// mail wants everything that a mail server needs, or nothing.
func (c *checker) mail(m Mail) {
	if m.MailServer == "" {
		if m.MailFrom != "" || m.MailUser != "" || m.MailPasswordFile != "" {
			c.add("mail-server", "is empty; write the mail server, such as smtp.example.com:587, or leave out the other settings of it")
		}
		return
	}
	host, port, err := net.SplitHostPort(m.MailServer)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || host == "" {
		c.add("mail-server", "%q is not an address; write HOST:PORT, such as smtp.example.com:587", m.MailServer)
	}
	c.oneOf("mail-tls", m.MailTLS, "starttls", "tls", "none")
	if _, err := mail.ParseAddress(m.MailFrom); err != nil {
		c.add("mail-from", "%q is not an address; write one such as busbar@example.com", m.MailFrom)
	}
	c.file("mail-password-file", m.MailPasswordFile)
	switch {
	case m.MailUser != "" && m.MailPasswordFile == "":
		c.add("mail-password-file", "is empty; write the file with the password of --mail-user, or leave that out too")
	case m.MailUser == "" && m.MailPasswordFile != "":
		c.add("mail-user", "is empty; write whose password is in --mail-password-file, or leave that out too")
	case m.MailUser != "" && m.MailTLS == "none":
		c.add("mail-tls", "a password is not sent where anybody can read it; write starttls or tls, or leave out --mail-user")
	}
}
