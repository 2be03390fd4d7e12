package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
)

var (
	errNoFile = errors.New("is not a file")
	errNoSFTP = errors.New("the server offers no SFTP")
)

// explain puts an error of a place or of the way to it into words. It is a *driver.Error.
func explain(p places, err error) error {
	if err == nil || driver.KindOf(err) != "" {
		return err
	}
	var key *hostKeyError
	var status *sftp.StatusError
	name := p.about()
	switch {
	case errors.As(err, &key):
		return &driver.Error{Kind: driver.Credentials, Field: fieldHostKey, Err: err,
			Detail: name + " shows the host key " + key.shown + ", which is not the one of this login. Ask whoever runs the server whether it was changed; only then log in with the new one."}
	case strings.Contains(err.Error(), "unable to authenticate"):
		return &driver.Error{Kind: driver.Credentials, Field: fieldPassword, Detail: name + " refuses the login: the user name, or the password or key, is not right.", Err: errors.New("refused login")}
	case errors.Is(err, errNoSFTP):
		return &driver.Error{Kind: driver.NotSystem, Field: fieldHost, Detail: name + " lets this user in and offers no SFTP to it.", Err: err}
	case errors.Is(err, fs.ErrPermission):
		return &driver.Error{Kind: driver.Permission, Detail: name + " does not allow this user to read or change what it must" + pathOf(err) + ".", Err: err}
	case errors.Is(err, errNoFile):
		return &driver.Error{Kind: driver.Permission, Detail: "A file has become a link or a folder, which is not followed" + pathOf(err) + ".", Err: err}
	case errors.Is(err, fs.ErrNotExist):
		return &driver.Error{Kind: driver.Torn, Detail: "A file or folder is not there any more" + pathOf(err) + ".", Err: err}
	case errors.As(err, &status) && !lostConn(err):
		return &driver.Error{Kind: driver.Fault, Detail: name + " failed to do it; is its disk full?", Err: err}
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return &driver.Error{Kind: driver.Fault, Detail: "The file system failed" + pathOf(err) + "; is the disk full?", Err: err}
	}
	return unanswered(name, err)
}

// unanswered is about a server that did not answer, or not to the end.
func unanswered(name string, err error) error {
	var op *net.OpError
	if strings.Contains(err.Error(), "handshake failed") && !errors.As(err, &op) && !errors.Is(err, context.Canceled) && !lostConn(err) {
		return &driver.Error{Kind: driver.NotSystem, Field: fieldHost, Detail: name + " answers, and does not speak SSH as is safe today.", Err: err}
	}
	if lostConn(err) {
		return &driver.Error{Kind: driver.Unreachable, Detail: name + " broke off the connection.", Err: err}
	}
	quote := func(text string, _ int, _ ...string) string { return text }
	return web.Answerer{Name: name, Field: fieldHost, Quote: quote}.Unanswered(err)
}

func pathOf(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return " (" + path.Path + ")"
	}
	return ""
}

// silent tells whether an error means that the server did not answer.
func silent(err error) bool {
	var exit *ssh.ExitError
	return driver.KindOf(err) == driver.Unreachable || driver.KindOf(err) == "" && !errors.As(err, &exit)
}

// unsent notes in the error of a write that nothing of it had an effect.
func unsent(err error, nothing bool) error {
	if err == nil || !nothing {
		return err
	}
	return web.Before(err)
}

// badFile says that a file cannot be read at all. The run stops at it, for what comes behind it may be newer than it.
func badFile(name, format string, args ...any) error {
	return &driver.Error{Kind: driver.Invalid, Detail: "The file " + name + " cannot be read: " + fmt.Sprintf(format, args...) + ". Mend it or take it away; nothing behind it is read until then."}
}

// again says that what is read has changed under the reader, who begins anew.
func again(name string) error {
	return &driver.Error{Kind: driver.TokenGone, Detail: "The file " + name + " was changed or taken away while it was read; it is read from its beginning."}
}

// isMissing tells whether an error means that there is no such file.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
