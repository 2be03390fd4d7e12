package file

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// How files of changes are read. A chain of pages reads what lies in the folder when it begins. Its receipt, a file in the archive, names those files and the chain's own time, which no other chain
// has and which is the high water of its last page. A later run whose cursor is exactly that time proves that all of the chain is stored: only then its files are moved to the archive, under that time.
// What is not proved stays where it is, and is read again; and so is what the archive has of a later time than the cursor, which somebody else has read, or we before our database fell back.
// A chain over everything reads the archive too, the newest file first and each record once, so that nobody goes through its history anew.

// receipt is what a chain reads.
type receipt struct {
	Entity string         `json:"entity"`
	At     time.Time      `json:"at"`
	Files  []receivedFile `json:"files"` // the oldest first
	All    bool           `json:"all,omitempty"`
}

// file gives the n-th file to be read.
func (r *receipt) file(n int) receivedFile {
	if r.All {
		return r.Files[len(r.Files)-1-n]
	}
	return r.Files[n]
}

// receivedFile is a file of a chain. Its records are stamped with At: the time of the file, or of an earlier one of the chain that is later.
type receivedFile struct {
	entry
	At   time.Time `json:"at"`
	Path string    `json:"path"`
}

// The names of receipts.
const (
	receiptHead = ".busbar-"
	receiptTail = ".receipt"
)

func (c *client) receiptName(entity string, at time.Time) string {
	return path.Join(c.options.Folders.Archive, receiptHead+entity+"."+strconv.FormatInt(at.UnixMicro(), 10)+receiptTail)
}

// receipts lists the times of an entity's receipts.
func (c *client) receipts(p place, entity string) (times []time.Time, err error) {
	found, err := p.list(c.options.Folders.Archive)
	if err != nil {
		return nil, err
	}
	for _, e := range found {
		text, ok := strings.CutPrefix(e.Name, receiptHead+entity+".")
		number, tail := strings.CutSuffix(text, receiptTail)
		if n, err := strconv.ParseInt(number, 10, 64); ok && tail && err == nil {
			times = append(times, time.UnixMicro(n).UTC())
		}
	}
	return times, nil
}

// begin starts a chain: it archives what is proved, and notes what this chain reads. nil: there is nothing to read.
func (c *client) begin(p place, e *manifest.Entity, since time.Time) (*receipt, error) {
	if err := p.ensure(c.options.Folders.Archive); err != nil {
		return nil, err
	}
	proved := time.Time{}
	if !since.IsZero() {
		proved = since.Add(e.Cursor.Lookback)
	}
	known, err := c.receipts(p, e.Name)
	if err != nil {
		return nil, err
	}
	latest := proved
	for _, at := range known {
		if at.After(latest) {
			latest = at
		}
		if at.Equal(proved) {
			if err := c.archive(p, e.Name, at); err != nil {
				return nil, err
			}
		}
	}
	files, err := c.due(p, c.readings[e.Name], proved)
	if err != nil {
		return nil, err
	}
	if err := c.forget(p, e.Name, known, since); err != nil || len(files) == 0 {
		return nil, err
	}
	return c.note(p, e, files, latest, since.IsZero())
}

// due lists what a chain reads, the oldest first: what the archive has of a later time than the cursor, then what lies in the folder.
func (c *client) due(p place, o *readOptions, cursor time.Time) ([]placed, error) {
	l, err := c.list(p, o)
	if err != nil {
		return nil, err
	}
	files, err := c.archived(p, o)
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(f placed) bool { return !archivedAt(f.path).After(cursor) })
	if cursor.IsZero() {
		files = files[max(0, len(files)-maxFull):]
	}
	for _, f := range l.files {
		files = append(files, placed{f, path.Join(c.options.Folders.In, f.Name)})
	}
	if cursor.IsZero() { // a file that is left for later would be taken for newer
		return files, nil
	}
	return files[:min(len(files), maxListed)], nil
}

// forget removes receipts that can never be proved any more. A run over everything knows no cursor, so it keeps them.
func (c *client) forget(p place, entity string, known []time.Time, since time.Time) error {
	if since.IsZero() {
		return nil
	}
	for _, at := range known {
		if err := p.remove(c.receiptName(entity, at)); err != nil && !isMissing(err) {
			return err
		}
	}
	return nil
}

// note writes the chain's receipt. Its time is behind all that there were, and behind the stamps of its own records.
func (c *client) note(p place, e *manifest.Entity, files []placed, latest time.Time, all bool) (*receipt, error) {
	now := c.config.Now().UTC().Truncate(time.Microsecond)
	r := &receipt{Entity: e.Name, All: all}
	var next time.Time
	for _, f := range files {
		at := f.Time.Truncate(time.Microsecond)
		if at.After(now) {
			at = now
		}
		if next.After(at) {
			at = next
		}
		r.Files = append(r.Files, receivedFile{f.entry, at, f.path})
		next = at
	}
	step := max(e.Cursor.Precision, time.Microsecond)
	r.At = latestOf(now, next.Add(time.Microsecond), latest.Add(time.Microsecond)).Add(step - 1).Truncate(step)
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("note what is read: %w", err)
	}
	return r, p.write(c.receiptName(e.Name, r.At), text, true)
}

func latestOf(times ...time.Time) (latest time.Time) {
	for _, t := range times {
		if t.After(latest) {
			latest = t
		}
	}
	return latest
}

// receipt reads the receipt of a chain.
func (c *client) receipt(p place, entity string, at time.Time) (*receipt, error) {
	name := c.receiptName(entity, at)
	text, err := readAll(p, name)
	if isMissing(err) {
		return nil, again(path.Base(name))
	}
	if err != nil {
		return nil, err
	}
	r := &receipt{}
	if err := json.Unmarshal(text, r); err != nil || !r.At.Equal(at) {
		return nil, again(path.Base(name))
	}
	return r, nil
}

// archive moves the files of a chain whose records are all stored. It can be broken off and done again.
func (c *client) archive(p place, entity string, at time.Time) error {
	r, err := c.receipt(p, entity, at)
	if driver.KindOf(err) == driver.TokenGone { // it was not written to its end, so that nothing was read by it
		return nil
	}
	if err != nil {
		return err
	}
	for i, f := range r.Files {
		if path.Dir(f.Path) != c.options.Folders.In {
			continue
		}
		if err := c.archiveFile(p, f.entry, archivedName(at, i, f.Name)); err != nil {
			return err
		}
	}
	return nil
}

const archiveLayout = "20060102T150405.000000Z"

// archivedName keeps the order in which files were read.
func archivedName(at time.Time, i int, name string) string {
	return fmt.Sprintf("%s-%04d-%s", at.UTC().Format(archiveLayout), i, name)
}

// archivedAt gives the time under which a file was archived; zero for other files.
func archivedAt(name string) time.Time {
	text, _, _ := strings.Cut(path.Base(name), "-")
	at, _ := time.Parse(archiveLayout, text)
	return at
}

// archiveFile moves a file that is still what was read. One that was replaced right when it was moved goes back.
func (c *client) archiveFile(p place, f entry, as string) error {
	from, to := path.Join(c.options.Folders.In, f.Name), path.Join(c.options.Folders.Archive, as)
	there, err := p.stat(to)
	switch {
	case err == nil && !there.same(f):
		return c.putBack(p, to, from)
	case err == nil:
		return nil
	case !isMissing(err):
		return err
	}
	now, err := p.stat(from)
	if isMissing(err) || err == nil && !now.same(f) {
		return nil
	}
	if err == nil {
		err = p.move(from, to)
	}
	if err != nil {
		return err
	}
	if there, err = p.stat(to); err == nil && !there.same(f) {
		return c.putBack(p, to, from)
	}
	if c.format.complete == marker {
		if gone := p.remove(from + c.options.Complete.Marker); gone != nil && !isMissing(gone) {
			return gone
		}
	}
	return err
}

// putBack gives a file that has not been read its name back, which must be free.
func (c *client) putBack(p place, from, to string) error {
	_, err := p.stat(to)
	if isMissing(err) {
		return p.move(from, to)
	}
	if err != nil {
		return err
	}
	return badFile(path.Base(to), "it was replaced twice while it was moved; the version before the last is %s", from)
}
