package file

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// How single records are found in files.

// searched remembers which files do not hold which mark.
type searched struct {
	mu    sync.Mutex
	marks map[string]map[string]entry // mark: path: the content that was looked through
}

func (s *searched) has(mark, path string, e entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.marks[mark][path]
	return ok && old.same(e)
}

func (s *searched) note(mark, path string, e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.marks == nil || len(s.marks) > 1000 {
		s.marks = map[string]map[string]entry{}
	}
	if s.marks[mark] == nil {
		s.marks[mark] = map[string]entry{}
	}
	s.marks[mark][path] = e
}

// Job implements driver.Writer: a write is over when its mark comes back with a record, or the system has put the file aside.
func (c *client) Job(ctx context.Context, cmd driver.Command, id string) (job driver.Job, err error) {
	o, problems := decodeSend(cmd.Entity.Operations[manifest.Create].Send)
	if len(problems) > 0 {
		return job, notOffered()
	}
	err = c.places.within(ctx, func(p place) (err error) {
		if job, err = c.refused(p, id); err == nil && !job.Over {
			job, err = c.marked(ctx, p, cmd, o.Mark)
		}
		return c.inWords(err)
	})
	return job, err
}

// refused looks whether the system has put the file aside, and why.
func (c *client) refused(p place, id string) (job driver.Job, err error) {
	if id != path.Base(id) || strings.HasPrefix(id, ".") {
		return job, &driver.Error{Kind: driver.Invalid, Detail: "The job is no file of ours."}
	}
	name := path.Join(c.options.Folders.Refused, id)
	if _, err := p.stat(name); isMissing(err) {
		return job, nil
	} else if err != nil {
		return job, err
	}
	e := &driver.Error{Kind: driver.Invalid, Detail: "The system has put the file " + id + " aside (" + c.options.Folders.Refused + ")."}
	if why, err := readAll(p, name+".txt"); err == nil {
		if e.Said = c.config.Quote(strings.TrimSpace(string(why)), 300); e.Said != "" {
			e.Detail = "The system has put the file " + id + " aside: " + e.Said
		}
	}
	return driver.Job{Over: true, Result: driver.Result{Err: e}}, nil
}

// marked looks for the record that carries a mark.
func (c *client) marked(ctx context.Context, p place, cmd driver.Command, column string) (driver.Job, error) {
	waiting := driver.Job{}
	all, err := c.everywhere(p, cmd.Entity)
	if err != nil {
		return waiting, err
	}
	for _, f := range all {
		if c.searched.has(cmd.Mark, f.path, f.entry) {
			continue
		}
		found := map[string][]byte{}
		torn := c.scan(ctx, p, cmd.Entity, f, func(record []byte) {
			if member(record, column) != cmd.Mark {
				return
			}
			if id, ok := idOf(cmd.Entity, record); ok {
				found[id] = record
			}
		})
		switch {
		case ctx.Err() != nil:
			return waiting, ctx.Err()
		case len(found) > 1:
			return driver.Job{Over: true, Result: driver.Result{Err: &driver.Error{Kind: driver.Fault, Detail: "More than one record of the file " + f.Name + " carries the mark of this write; the system may have taken it twice."}}}, nil
		case torn == nil && len(found) == 0:
			c.searched.note(cmd.Mark, f.path, f.entry)
		}
		for id, record := range found {
			return driver.Job{Over: true, Result: driver.Result{Written: driver.Written{RemoteID: id, Record: record}}}, nil
		}
	}
	return waiting, nil
}

// ReadOne implements driver.Writer. A record that no file of changes holds may have been in one that is gone.
func (c *client) ReadOne(ctx context.Context, e *manifest.Entity, remoteID string) (record []byte, err error) {
	err = c.places.within(ctx, func(p place) error {
		all, err := c.everywhere(p, e)
		if err != nil {
			return c.inWords(err)
		}
		if c.readings[e.Name].Holds == snapshot && len(all) > 0 {
			all = all[:1]
		}
		for _, f := range all {
			err := c.scan(ctx, p, e, f, func(r []byte) {
				if id, ok := idOf(e, r); ok && id == remoteID {
					record = r
				}
			})
			if err != nil || record != nil {
				return err
			}
		}
		if len(all) == 0 || c.readings[e.Name].Holds == changes {
			return &driver.Error{Kind: driver.Torn, Detail: "None of the files that are there holds the record; it cannot be told whether the system has it."}
		}
		return nil
	})
	return record, err
}

// placed is a file and where it lies.
type placed struct {
	entry
	path string
}

// maxArchived bounds how many files of the archive are looked through.
const maxArchived = 500

// everywhere lists an entity's files, the newest first: those in the folder, then those in the archive.
func (c *client) everywhere(p place, e *manifest.Entity) ([]placed, error) {
	o := c.readings[e.Name]
	l, err := c.list(p, o)
	if err != nil {
		return nil, err
	}
	var all []placed
	for _, f := range slices.Backward(l.files) {
		all = append(all, placed{f, path.Join(c.options.Folders.In, f.Name)})
	}
	kept, err := c.archived(p, o)
	if err != nil {
		return nil, err
	}
	slices.Reverse(kept)
	return append(all, kept[:min(len(kept), maxArchived)]...), nil
}

// archived lists an entity's files in the archive, the oldest first, under the names that they had.
func (c *client) archived(p place, o *readOptions) (files []placed, err error) {
	found, err := p.list(c.options.Folders.Archive)
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b entry) int { return compareNames(a.Name, b.Name) })
	for _, f := range found {
		at := path.Join(c.options.Folders.Archive, f.Name)
		if f.Name = originalName(f.Name); f.Name != "" && o.matches(f.Name) {
			files = append(files, placed{f, at})
		}
	}
	return files, nil
}

// originalName gives the name that an archived file had; "" for other files.
func originalName(archived string) string {
	_, rest, dated := strings.Cut(archived, "-")
	number, name, numbered := strings.Cut(rest, "-")
	if _, err := strconv.Atoi(number); err != nil || !dated || !numbered || archivedAt(archived).IsZero() {
		return ""
	}
	return name
}

// scan goes through the records of a file.
func (c *client) scan(ctx context.Context, p place, e *manifest.Entity, f placed, see func([]byte)) error {
	content, err := p.open(f.path)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	r := &reading{file: f.entry, options: c.readings[e.Name], format: c.format, content: content, books: &c.books, path: f.path}
	all, err := r.rowsFrom(mark{})
	for err == nil && ctx.Err() == nil {
		var w row
		if w, err = all.next(); err == nil && w.flaw == "" {
			see(w.record(origin{f.Name, f.Time}))
		}
	}
	if atEnd(err) {
		return nil
	}
	return err
}

// member gives the text of a member, or a number as it is written.
func member(record []byte, names ...string) string {
	value, ok, err := rawjson.Find(record, names...)
	if err != nil || !ok || len(value) == 0 || string(value) == "null" {
		return ""
	}
	if value[0] != '"' {
		return string(value)
	}
	text, err := rawjson.Unquote(nil, value)
	if err != nil {
		return ""
	}
	return string(text)
}

// idOf gives a record's id as the mapping makes it.
func idOf(e *manifest.Entity, record []byte) (string, bool) {
	parts := make([]string, len(e.ID))
	for i, p := range e.ID {
		if parts[i] = member(record, p...); parts[i] == "" {
			return "", false
		}
	}
	return manifest.JoinID(parts...), true
}
