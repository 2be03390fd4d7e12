package file

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"
)

// listing is what lies in the folder of incoming files.
type listing struct {
	files []entry // those of one entity that can be read, in their order
	open  int     // of the entity, not complete yet
}

// Bounds of one run: of an incremental one, whose other files are read by the next; and of what one over everything reads of the archive, which is the newest.
const (
	maxListed = 1000
	maxFull   = 5000
)

// list gives an entity's files in their order. Behind one that is still being written none is given, for they may hold newer versions of its records.
func (c *client) list(p place, o *readOptions) (l listing, err error) {
	dir := c.options.Folders.In
	found, err := p.list(dir)
	if err != nil {
		return l, err
	}
	names := map[string]bool{}
	var own []entry
	for _, e := range found {
		names[e.Name] = true
		if o.matches(e.Name) {
			own = append(own, e)
		}
	}
	slices.SortFunc(own, o.compare)
	done, err := c.completeness(p, own, names)
	if err != nil {
		return l, err
	}
	for i, e := range own {
		if !done(e) && o.Holds == changes {
			l.open = len(own) - i
			break
		}
		if !done(e) {
			l.open++
			continue
		}
		l.files = append(l.files, e)
	}
	return l, nil
}

// completeness gives what tells whether a file is written to its end.
func (c *client) completeness(p place, own []entry, names map[string]bool) (func(entry) bool, error) {
	switch c.format.complete {
	case renamed:
		return func(entry) bool { return true }, nil
	case marker:
		return func(e entry) bool { return names[e.Name+c.options.Complete.Marker] }, nil
	}
	if len(own) == 0 {
		return func(entry) bool { return false }, nil
	}
	now := c.serverTime(p)
	return func(e entry) bool { return now.Sub(e.Time) >= c.options.Complete.Quiet }, nil
}

// clockFile is written to learn what time it is for the server.
const clockFile = ".busbar-clock"

// serverTime is the server's own clock: the time of a file that is written now. Where nothing may be written, ours stands in for it.
func (c *client) serverTime(p place) time.Time {
	name := path.Join(c.options.Folders.Archive, clockFile)
	if p.ensure(c.options.Folders.Archive) != nil || p.write(name, []byte("\n"), false) != nil {
		return c.config.Now()
	}
	if e, err := p.stat(name); err == nil {
		return e.Time
	}
	return c.config.Now()
}

// matches tells whether a name is that of one of the entity's files: NAME, or NAME and something that begins with a digit, in front of a known ending.
func (o *readOptions) matches(file string) bool {
	if kindOf(file) == "" || strings.HasPrefix(file, ".") {
		return false
	}
	stem := strings.TrimSuffix(file, path.Ext(file))
	return sameStem(o.Name, stem)
}

func sameStem(name, stem string) bool {
	if len(stem) < len(name) || !strings.EqualFold(stem[:len(name)], name) {
		return false
	}
	rest := strings.TrimLeft(stem[len(name):], "_-. ")
	return stem[len(name):] == "" || rest != "" && rest[0] >= '0' && rest[0] <= '9'
}

// compare is the order in which files are read.
func (o *readOptions) compare(a, b entry) int {
	if o.Order == byTime {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
	}
	return compareNames(a.Name, b.Name)
}

// compareNames is the order of names in which numbers count as such: 9 stands before 10.
func compareNames(a, b string) int {
	x, y := strings.ToLower(a), strings.ToLower(b)
	for x != "" && y != "" {
		nx, ny := leadingDigits(x), leadingDigits(y)
		if nx == "" || ny == "" {
			if x[0] != y[0] {
				return cmp.Compare(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		p, q := strings.TrimLeft(nx, "0"), strings.TrimLeft(ny, "0")
		if c := cmp.Or(cmp.Compare(len(p), len(q)), cmp.Compare(p, q)); c != 0 {
			return c
		}
		x, y = x[len(nx):], y[len(ny):]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

func leadingDigits(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
}
