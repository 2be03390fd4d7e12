package file

import (
	"context"
	"path"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// How a write goes out. Its file is written under a name that nobody takes, then a note of it, then the file gets the name under which it is taken: that is the effect. The mark of the write is part of each
// name, so that the same write sent again finds out how far it came: as long as the first name is there, the effect is not; where only the note is left, the file has been taken.

// outgoing names the files of one write.
type outgoing struct{ name, hidden, public, note string }

func (c *client) outgoing(o *sendOptions, writeMark string) (outgoing, error) {
	if writeMark == "" || strings.ContainsFunc(writeMark, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		return outgoing{}, &driver.Error{Kind: driver.Invalid, Detail: "The write has no mark that can be part of a file's name."}
	}
	ending := map[string]string{asCSV: ".csv", asLines: ".jsonl"}[o.As]
	f := outgoing{name: o.Name + "-" + writeMark + ending}
	f.public = path.Join(c.options.Folders.Out, f.name)
	f.hidden = path.Join(c.options.Folders.Out, "."+f.name+".part")
	f.note = path.Join(c.options.Folders.Archive, ".busbar-sent-"+writeMark)
	return f, nil
}

// Write implements driver.Writer: the file is put out, and the record comes back in a later file of the system's.
func (c *client) Write(ctx context.Context, cmd driver.Command) (driver.Written, error) {
	if cmd.Op != manifest.Create {
		return driver.Written{}, notOffered()
	}
	o, problems := decodeSend(cmd.Entity.Operations[manifest.Create].Send)
	if len(problems) > 0 {
		return driver.Written{}, &driver.Error{Kind: driver.Invalid, Detail: "The manifest does not say how it is written.", Err: problems}
	}
	f, err := c.outgoing(o, cmd.Mark)
	if err != nil {
		return driver.Written{}, err
	}
	text, err := c.compose(o, c.readings[cmd.Entity.Name], cmd)
	if err != nil {
		return driver.Written{}, err
	}
	err = c.places.send(ctx, func(p place, pass func() error) error { return c.inWords(c.put(p, f, text, pass)) })
	if err != nil {
		return driver.Written{}, err
	}
	return driver.Written{Job: f.name, Answer: c.config.Kept([]byte(`{"file":"`+f.name+`"}`), true)}, nil
}

// put brings the file from where it stands to where it is taken.
func (c *client) put(p place, f outgoing, text []byte, pass func() error) error {
	there, err := standing(p, f)
	if err != nil {
		return err
	}
	if !there.public && !there.note {
		if err := p.ensure(c.options.Folders.Archive); err != nil {
			return err
		}
		if err := p.write(f.hidden, text, false); err != nil {
			return err
		}
		if err := p.write(f.note, []byte(f.name+"\n"), false); err != nil {
			return err
		}
		there.hidden = true
	}
	if err := pass(); err != nil || there.public || !there.hidden {
		return err
	}
	if err := p.move(f.hidden, f.public); !isMissing(err) {
		return err
	}
	return nil // an earlier attempt whose answer was lost has moved it meanwhile
}

// state says which of a write's files are there.
type state struct{ public, hidden, note bool }

func standing(p place, f outgoing) (s state, err error) {
	for _, look := range []struct {
		name string
		is   *bool
	}{{f.hidden, &s.hidden}, {f.public, &s.public}, {f.note, &s.note}} {
		_, err := p.stat(look.name)
		if err != nil && !isMissing(err) {
			return s, err
		}
		*look.is = err == nil
	}
	return s, nil
}

func notOffered() error {
	return &driver.Error{Kind: driver.Invalid, Detail: "Files that are put out make new records; records that are there are changed in the system itself."}
}

// WriteMany implements driver.Writer. No manifest can declare it.
func (c *client) WriteMany(context.Context, []driver.Command, bool) ([]driver.Result, error) {
	return nil, notOffered()
}

// Search implements driver.Writer. No manifest can declare a rung that needs it.
func (c *client) Search(context.Context, driver.Search) ([][]byte, error) { return nil, notOffered() }
