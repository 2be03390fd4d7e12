package file

import (
	"context"
	"encoding/json"
	"io"
	"path"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// token says where to go on.
type token struct {
	Chain int64  `json:"chain,omitempty"` // of changes: the chain's time in microseconds
	File  *entry `json:"file,omitempty"`  // of a snapshot: the file
	N     int    `json:"n,omitempty"`     // of changes: which file of the chain
	mark
}

// maxPage bounds the bytes of a page.
const maxPage = 8 << 20

// Fetch implements driver.Client.
func (c *client) Fetch(ctx context.Context, r driver.Request) (page *driver.Page, err error) {
	o := c.readings[r.Entity.Name]
	var t *token
	if r.Token != nil {
		t = &token{}
		if err := json.Unmarshal(r.Token, t); err != nil {
			return nil, &driver.Error{Kind: driver.TokenGone, Detail: "The page token is not one of this connector."}
		}
	}
	err = c.places.within(ctx, func(p place) (err error) {
		if o.Holds == changes {
			page, err = c.fetchChanges(ctx, p, r, t)
		} else {
			page, err = c.fetchSnapshot(p, r, t)
		}
		return c.inWords(err)
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// inWords says which folder is missing.
func (c *client) inWords(err error) error {
	if err != nil && isMissing(err) && driver.KindOf(err) == "" {
		f := c.options.Folders
		return &driver.Error{Kind: driver.Invalid, Field: fieldDirectory, Err: err,
			Detail: c.places.about() + " lacks a folder that is needed: there must be " + f.In + ", and " + f.Archive + " or the right to make it" + pathOf(err) + "."}
	}
	return err
}

// nothing is the page of a run that finds no file: no news, and no proof of anything.
func nothing() *driver.Page { return &driver.Page{Total: -1, Unproved: true} }

// fetchChanges reads the files of a chain one after the other.
func (c *client) fetchChanges(ctx context.Context, p place, r driver.Request, t *token) (*driver.Page, error) {
	var chain *receipt
	var err error
	if t == nil {
		t = &token{}
		if chain, err = c.begin(p, r.Entity, r.Since); err != nil {
			return nil, err
		}
		if chain == nil {
			return &driver.Page{Total: -1}, nil
		}
		t.Chain = chain.At.UnixMicro()
	} else if chain, err = c.receipt(p, r.Entity.Name, time.UnixMicro(t.Chain)); err != nil {
		return nil, err
	}
	page := &driver.Page{Total: -1}
	for range maxStretches {
		if t.N < 0 || t.N >= len(chain.Files) {
			return nil, again(r.Entity.Name)
		}
		if page.Records, err = c.further(ctx, p, r, chain, t); err != nil {
			return nil, err
		}
		if t.N == len(chain.Files) {
			page.HighWater = chain.At
			return page, nil
		}
		if len(page.Records) > 0 {
			break
		}
	}
	return page, t.put(page)
}

// maxStretches bounds the parts of files without a record of their own that one page passes over.
const maxStretches = 200

// further reads one part of a chain and moves the token behind it.
func (c *client) further(ctx context.Context, p place, r driver.Request, chain *receipt, t *token) ([][]byte, error) {
	f := chain.file(t.N)
	s, err := c.stretch(p, r, placed{f.entry, f.Path}, t.mark, f.At)
	if err == nil && chain.All {
		s.records, err = c.once(ctx, p, r.Entity, chain, t.N, s)
	}
	if err != nil {
		return nil, err
	}
	s.records = latest(r.Entity, s.records)
	if t.mark = s.behind; s.ended {
		t.N, t.mark = t.N+1, mark{}
	}
	return s.records, nil
}

func (t token) put(page *driver.Page) (err error) {
	page.Next, err = json.Marshal(t)
	return err
}

// fetchSnapshot reads the newest file, which is the whole list. Older ones are archived when it was read to its end.
func (c *client) fetchSnapshot(p place, r driver.Request, t *token) (*driver.Page, error) {
	if t == nil {
		l, err := c.list(p, c.readings[r.Entity.Name])
		if err != nil || len(l.files) == 0 {
			return nothing(), err
		}
		t = &token{File: &l.files[len(l.files)-1]}
	}
	if t.File == nil || !c.readings[r.Entity.Name].matches(t.File.Name) {
		return nil, again(r.Entity.Name)
	}
	s, err := c.stretch(p, r, placed{*t.File, path.Join(c.options.Folders.In, t.File.Name)}, t.mark, t.File.Time)
	if err != nil {
		return nil, err
	}
	page := &driver.Page{Records: s.records, Total: -1}
	if s.ended {
		c.retire(p, r.Entity, *t.File)
		return page, nil
	}
	return page, token{File: t.File, mark: s.behind}.put(page)
}

// retire archives the lists that a newer one stands for. Nothing depends on it, so a folder where nothing may be changed will do.
func (c *client) retire(p place, e *manifest.Entity, newest entry) {
	l, err := c.list(p, c.readings[e.Name])
	if err != nil || p.ensure(c.options.Folders.Archive) != nil {
		return
	}
	for _, f := range l.files {
		if c.readings[e.Name].compare(f, newest) < 0 {
			_ = c.archiveFile(p, f, archivedName(c.config.Now(), 0, f.Name))
		}
	}
}

// stretch is a part of a file.
type stretch struct {
	records [][]byte
	behind  mark
	ended   bool
}

// stretch reads a page from a mark. A file that is not what it was at the beginning of the chain is not read on.
func (c *client) stretch(p place, r driver.Request, f placed, at mark, stamp time.Time) (s stretch, err error) {
	name := f.path
	if err := unchanged(p, name, f.entry); err != nil {
		return s, err
	}
	content, err := p.open(name)
	if isMissing(err) {
		return s, again(f.Name)
	}
	if err != nil {
		return s, err
	}
	defer func() { _ = content.Close() }()
	from := &reading{file: f.entry, options: c.readings[r.Entity.Name], format: c.format, content: content, books: &c.books, path: name}
	if at == (mark{}) && from.options.Group != nil && kindOf(f.Name) != kindJSON {
		if err = from.inspect(); err == nil {
			_, err = content.Seek(0, io.SeekStart)
		}
	}
	if err == nil {
		s, err = from.page(at, r.Limit, stamp)
	}
	if changed := unchanged(p, name, f.entry); changed != nil {
		return s, changed
	}
	return s, err
}

// unchanged says that a file is another than it was.
func unchanged(p place, name string, f entry) error {
	now, err := p.stat(name)
	if isMissing(err) || err == nil && !now.same(f) {
		return again(f.Name)
	}
	return err
}

// page reads so many records from a mark.
func (r *reading) page(at mark, limit int, stamp time.Time) (s stretch, err error) {
	all, err := r.rowsFrom(at)
	if err != nil {
		return s, err
	}
	s.behind = at
	for size := 0; len(s.records) < max(limit, 1) && size < maxPage; {
		w, err := all.next()
		if atEnd(err) {
			s.ended = true
			return s, nil
		}
		if err != nil {
			return s, err
		}
		record := w.record(origin{r.file.Name, stamp})
		s.records, size = append(s.records, record), size+len(record)
		s.behind = mark{Offset: w.behind, Line: w.last}
	}
	return s, nil
}

// readAll reads a small file of our own.
func readAll(p place, name string) ([]byte, error) {
	f, err := p.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, 64<<20))
}
