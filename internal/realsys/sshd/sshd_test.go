package sshd_test

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/busbar-dev/busbar/internal/realsys/sshd"
)

// The server lets its user in with the key, shows the key that it says, and keeps files.
func TestServer(t *testing.T) {
	t.Parallel()
	s := sshd.Start(t)
	signer, err := ssh.ParsePrivateKey([]byte(s.Key))
	if err != nil {
		t.Fatal(err)
	}
	var shown string
	dial := func() (*ssh.Client, error) {
		return ssh.Dial("tcp", "127.0.0.1:"+strconv.Itoa(s.Port), &ssh.ClientConfig{User: s.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
			HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error { shown = ssh.FingerprintSHA256(key); return nil }})
	}
	conn, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if shown != s.HostKey {
		t.Errorf("the server shows %s, want %s", shown, s.HostKey)
	}
	files, err := sftp.NewClient(conn)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	if err := files.Mkdir(s.Dir + "/in"); err != nil {
		t.Fatal(err)
	}
	session, err := conn.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if out, _ := session.Output("echo a shell"); strings.Contains(string(out), "a shell") {
		t.Errorf("the server runs commands: %s", out)
	}
	s.Stop()
	if _, err := dial(); err == nil {
		t.Error("a stopped server answers")
	}
	s.NewHostKey()
	s.Run()
	if again, err := dial(); err != nil || shown != s.HostKey {
		t.Errorf("the server came back with %s (%v), want %s", shown, err, s.HostKey)
	} else {
		_ = again.Close()
	}
	if s.Version() < "9" {
		t.Errorf("version %s", s.Version())
	}
}
