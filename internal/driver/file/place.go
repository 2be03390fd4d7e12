package file

import (
	"context"
	"io"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
)

// place is a tree of files: a directory of ours or one on an SFTP server. Paths are relative, with slashes. Errors are those of the tree; place.explain puts them into words.
type place interface {
	list(dir string) ([]entry, error) // regular files only: no links, no folders
	open(name string) (content, error)
	stat(name string) (entry, error)
	write(name string, text []byte, fresh bool) error // whole and on the disk; fresh: fails where the file exists
	move(from, to string) error                       // atomically; what stands at to is replaced
	remove(name string) error
	ensure(dir string) error // makes the folder where it is missing
	close() error
}

// entry is a file as it stands there. Two entries that are equal are the same content, as far as the tree tells.
type entry struct {
	Name string    `json:"name"`
	Size int64     `json:"size"`
	Time time.Time `json:"time"` // of its last change, by the server's clock
}

func (e entry) same(o entry) bool { return e.Size == o.Size && e.Time.Equal(o.Time) }

// content is an open file.
type content interface {
	io.ReadSeekCloser
}

// places gives the place of a connection for one call.
type places interface {
	// within lets do work on the place, within the budget and the time of one call that changes no record. Errors are *driver.Error.
	within(ctx context.Context, do func(place) error) error
	// send is within for a write; do asks pass right before the step that has the effect.
	send(ctx context.Context, do func(p place, pass func() error) error) error
	about() string // for people
	close() error
}

// nowhere is where a login leads that cannot be used.
type nowhere struct{ why error }

func (n nowhere) within(context.Context, func(place) error) error { return n.why }
func (n nowhere) send(context.Context, func(place, func() error) error) error {
	return web.Before(n.why)
}
func (n nowhere) about() string { return "the login" }
func (n nowhere) close() error  { return nil }

func (c *client) openPlaces() (places, error) {
	login := c.config.Credentials
	if login.Get(fieldPath) != "" {
		return newLocal(c.config)
	}
	if login.Get(fieldHost) == "" {
		return nil, &driver.Error{Kind: driver.Credentials, Field: fieldHost, Detail: "The login names neither an SFTP server nor a directory."}
	}
	return newRemote(c.config)
}

// The fields of the login that the driver reads.
const (
	fieldHost       = "host"
	fieldPort       = "port"
	fieldUser       = "username"
	fieldPassword   = "password"
	fieldKey        = "private_key"
	fieldPassphrase = "passphrase"
	fieldHostKey    = "host_key"
	fieldDirectory  = "directory"
	fieldPath       = "path"
)
