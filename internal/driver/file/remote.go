package file

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"path"
	"strings"
	"sync"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
)

// remote gives a directory on an SFTP server. A session that is not in use waits for the next call.
type remote struct {
	config  driver.Config
	address string
	dir     string
	proof   []ssh.AuthMethod
	key     string // the fingerprint that the server's host key must have

	mu     sync.Mutex
	idle   *session
	closed bool
	kind   int // of the host key whose fingerprint the login has: an index of hostKeyKinds
}

// session is one login.
type session struct {
	conn net.Conn
	ssh  *ssh.Client
	sftp *sftp.Client
}

func (s *session) close() { _ = errors.Join(s.sftp.Close(), s.ssh.Close(), s.conn.Close()) }

func newRemote(c driver.Config) (places, error) {
	login := c.Credentials
	port := strings.TrimSpace(login.Get(fieldPort))
	if port == "" {
		port = "22"
	}
	r := &remote{config: c, address: net.JoinHostPort(strings.TrimSpace(login.Get(fieldHost)), port), dir: strings.TrimSpace(login.Get(fieldDirectory)), key: strings.TrimSpace(login.Get(fieldHostKey))}
	if r.dir == "" {
		r.dir = "."
	}
	if !strings.HasPrefix(r.key, "SHA256:") {
		return nil, &driver.Error{Kind: driver.Credentials, Field: fieldHostKey, Detail: "The server's host key is given as its fingerprint, SHA256:…, as ssh-keygen -lf shows it."}
	}
	var err error
	r.proof, err = proofOf(login.Get(fieldKey), login.Get(fieldPassphrase), login.Get(fieldPassword))
	return r, err
}

func (r *remote) about() string { return r.address }

func (r *remote) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.idle != nil {
		r.idle.close()
		r.idle = nil
	}
	return nil
}

func (r *remote) within(ctx context.Context, do func(place) error) error {
	return explain(r, r.config.Line.Call(ctx, func(ctx context.Context) error { return r.on(ctx, do) }, silent))
}

func (r *remote) send(ctx context.Context, do func(p place, pass func() error) error) error {
	err := r.config.Line.Send(ctx, func(ctx context.Context, pass func() error) error {
		return r.on(ctx, func(p place) error { return do(p, pass) })
	}, silent)
	return unsent(explain(r, err), egress.Unsent(err))
}

// on lends a session. One whose call failed is not used again; one whose call is over in time is broken off.
func (r *remote) on(ctx context.Context, do func(place) error) error {
	s, err := r.take(ctx)
	if err != nil {
		return explain(r, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	err = explain(r, do(&tree{s.sftp, r.dir}))
	if !stop() {
		return errors.Join(err, ctx.Err())
	}
	if driver.KindOf(err) == driver.Unreachable {
		s.close()
	} else {
		r.give(s)
	}
	return err
}

// take gives the session that waits, where it still answers, else a new one.
func (r *remote) take(ctx context.Context) (*session, error) {
	r.mu.Lock()
	s := r.idle
	r.idle = nil
	r.mu.Unlock()
	if s != nil {
		stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
		_, err := s.sftp.Getwd()
		if stop() && err == nil {
			return s, nil
		}
		s.close()
	}
	return r.dial(ctx)
}

func (r *remote) give(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.idle != nil {
		s.close()
		return
	}
	r.idle = s
}

// tree is a directory on an SFTP server.
type tree struct {
	sftp *sftp.Client
	dir  string
}

func (t *tree) at(name string) string { return path.Join(t.dir, name) }

func (t *tree) list(dir string) ([]entry, error) {
	found, err := t.sftp.ReadDir(t.at(dir))
	if err != nil {
		return nil, err
	}
	var files []entry
	for _, i := range found {
		if i.Mode().IsRegular() && !strings.ContainsAny(i.Name(), "/\\\x00") {
			files = append(files, entryOf(i))
		}
	}
	return files, nil
}

func (t *tree) open(name string) (content, error) {
	if _, err := t.stat(name); err != nil {
		return nil, err
	}
	return t.sftp.Open(t.at(name))
}

func (t *tree) stat(name string) (entry, error) {
	info, err := t.sftp.Lstat(t.at(name))
	if err != nil {
		return entry{}, err
	}
	if !info.Mode().IsRegular() {
		return entry{}, errNoFile
	}
	e := entryOf(info)
	e.Name = path.Base(name)
	return e, nil
}

func (t *tree) write(name string, text []byte, fresh bool) error {
	flags := writeAnew
	if fresh {
		flags = writeFresh
	}
	f, err := t.sftp.OpenFile(t.at(name), flags)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = synced(f.Sync())
	}
	return errors.Join(err, f.Close())
}

// move renames atomically where the server can: its plain rename may leave the file under both names.
func (t *tree) move(from, to string) error {
	if _, can := t.sftp.HasExtension("posix-rename@openssh.com"); can {
		return t.sftp.PosixRename(t.at(from), t.at(to))
	}
	return t.sftp.Rename(t.at(from), t.at(to))
}

func (t *tree) remove(name string) error { return t.sftp.Remove(t.at(name)) }
func (t *tree) close() error             { return nil }

func (t *tree) ensure(dir string) error {
	info, err := t.sftp.Stat(t.at(dir))
	switch {
	case err == nil && info.IsDir():
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return t.sftp.Mkdir(t.at(dir))
}
