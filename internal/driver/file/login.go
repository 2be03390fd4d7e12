package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/busbar-dev/busbar/internal/driver"
)

// How a file is opened for writing.
const (
	writeAnew  = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	writeFresh = os.O_WRONLY | os.O_CREATE | os.O_EXCL
)

// hostKeyKinds are the kinds of key that a server may show, most have several. Which one the fingerprint is of is found out by asking for each.
func hostKeyKinds() [][]string {
	return [][]string{
		{ssh.KeyAlgoED25519},
		{ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521},
		{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
	}
}

// proofOf gives what proves who logs in: a private key, a password, or both.
func proofOf(key, passphrase, password string) (proof []ssh.AuthMethod, err error) {
	if strings.TrimSpace(key) != "" {
		var signer ssh.Signer
		if passphrase != "" {
			signer, err = ssh.ParsePrivateKeyWithPassphrase(keyText(key), []byte(passphrase))
		} else {
			signer, err = ssh.ParsePrivateKey(keyText(key))
		}
		if err != nil {
			return nil, &driver.Error{Kind: driver.Credentials, Field: fieldKey, Detail: "The private key cannot be read: it is the whole text of the key file, and has a passphrase where that is encrypted.", Err: errors.New("private key")}
		}
		proof = append(proof, ssh.PublicKeys(signer))
	}
	if password != "" {
		answer := func(_, _ string, questions []string, _ []bool) ([]string, error) {
			answers := make([]string, len(questions))
			for i := range answers {
				answers[i] = password
			}
			return answers, nil
		}
		proof = append(proof, ssh.Password(password), ssh.KeyboardInteractive(answer))
	}
	if proof == nil {
		return nil, &driver.Error{Kind: driver.Credentials, Field: fieldPassword, Detail: "The login has neither a password nor a private key."}
	}
	return proof, nil
}

// keyText takes a key as it is, or pasted into one line with \n or a space for the ends of its lines.
func keyText(key string) []byte {
	key = strings.TrimSpace(strings.ReplaceAll(key, `\n`, "\n"))
	if parts := strings.Split(key, "-----"); !strings.Contains(key, "\n") && len(parts) == 5 {
		key = "-----" + parts[1] + "-----\n" + strings.Join(strings.Fields(parts[2]), "\n") + "\n-----" + parts[3] + "-----"
	}
	return []byte(key + "\n")
}

// hostKeyError says that the server showed another key than the one that the login has.
type hostKeyError struct{ shown string }

func (h *hostKeyError) Error() string { return "the host key is " + h.shown }

// dial logs in. A server that shows another host key is asked for its keys of the other kinds, and gets no proof before the right one.
func (r *remote) dial(ctx context.Context) (s *session, err error) {
	kinds := hostKeyKinds()
	r.mu.Lock()
	first := r.kind
	r.mu.Unlock()
	var shown *hostKeyError
	for i := range kinds {
		kind := (first + i) % len(kinds)
		s, err = r.dialKind(ctx, kinds[kind])
		var other *hostKeyError
		switch {
		case err == nil:
			r.mu.Lock()
			r.kind = kind
			r.mu.Unlock()
			return s, nil
		case errors.As(err, &other):
			if shown == nil {
				shown = other
			}
		case !strings.Contains(err.Error(), "no common algorithm for host key"):
			return nil, err
		}
	}
	if shown != nil {
		return nil, shown
	}
	return nil, err
}

func (r *remote) dialKind(ctx context.Context, algorithms []string) (*session, error) {
	conn, err := r.config.Line.Dial(ctx, "tcp", r.address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	s, err := r.login(conn, algorithms)
	if !stop() && err == nil {
		s.close()
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, errors.Join(err, ctx.Err())
	}
	return s, nil
}

func (r *remote) login(conn net.Conn, algorithms []string) (*session, error) {
	c, channels, requests, err := ssh.NewClientConn(conn, r.address, &ssh.ClientConfig{
		User: r.config.Credentials.Get(fieldUser), Auth: r.proof, HostKeyAlgorithms: algorithms,
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			if shown := ssh.FingerprintSHA256(key); shown != r.key {
				return &hostKeyError{shown}
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	client := ssh.NewClient(c, channels, requests)
	files, err := sftp.NewClient(client)
	if err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("%w: %w", errNoSFTP, err)
	}
	return &session{conn, client, files}, nil
}

// synced takes it for no fault that a server has no call for writing through to its disk.
func synced(err error) error {
	var status *sftp.StatusError
	if errors.As(err, &status) && status.FxCode() == sftp.ErrSSHFxOpUnsupported {
		return nil
	}
	return err
}

// lostConn tells whether an error means that the connection is gone.
func lostConn(err error) bool {
	return errors.Is(err, sftp.ErrSSHFxConnectionLost) || errors.Is(err, sftp.ErrSSHFxNoConnection) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}
