package conformance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/egress"
)

// suite is one run of all checks against one stand.
type suite struct {
	Stand
	ctx       context.Context
	dir       string
	connector *app.Connector
	address   string // the login's field that leads to the system through the proxy; "": none does
	proxy     *proxy
	cutter    *cutter
	guard     *egress.Guard
	benches   int
	opened    []*bench
	rows      []Row
	took      []Took
	seen      map[[2]string]bool // cells of the matrix that were exercised
	broken    map[[2]string]bool // cells of which a check failed
	main      *bench             // everything is read, in pages as the manifest has them
	counts    map[string]int     // records of each entity, as read
	small     map[string]int     // sizes that give pages of a few records
	made      map[string][]string
	raws      map[string][][]byte // as the second reading gave them
	n         int
}

// Try runs every check, and says after each how it ended. The directory is for its Busbars. An error says that there is nothing to check.
func Try(ctx context.Context, stand Stand, dir string, say func([]Row)) (*Report, error) {
	connector, err := app.LoadConnector(stand.Folder, stand.System)
	if err != nil {
		return nil, err
	}
	if stand.Clock == nil {
		stand.Clock = &Clock{}
	}
	s := &suite{Stand: stand, ctx: ctx, dir: dir, connector: connector, seen: map[[2]string]bool{}, broken: map[[2]string]bool{}, counts: map[string]int{}, small: map[string]int{},
		made: map[string][]string{}, raws: map[string][][]byte{}}
	defer s.close()
	if err := s.front(); err != nil {
		return nil, err
	}
	for _, c := range checks() {
		if stand.Checks != nil && c.name != firstRead && !contains(stand.Checks, c.name) {
			continue
		}
		before := len(s.rows)
		s.check(c)
		say(s.rows[before:])
		if s.main == nil && c.name == firstRead {
			break
		}
	}
	before := len(s.rows)
	report := &Report{System: connector.System.System, Matrix: s.matrix()}
	say(s.rows[before:])
	report.Rows, report.Took = s.rows, s.took
	return report, nil
}

// front puts the proxy in front of the system.
func (s *suite) front() (err error) {
	s.guard = egress.New(egress.Options{Allow: append(loopback(), s.Allow...)})
	field, target := s.Stand.address(s.addressFields())
	if target != nil {
		s.address = field
		s.proxy, err = newProxy(target, append(loopback(), s.Allow...))
		return err
	}
	if s.TCP[0] != "" {
		s.cutter, err = newCutter(s.guard, s.Credentials[s.TCP[0]], s.Credentials[s.TCP[1]])
	}
	return err
}

func (s *suite) addressFields() (names []string) {
	for _, m := range s.connector.Auth {
		for _, f := range m.Fields {
			if f.Type == "url" && !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

func (s *suite) close() {
	for _, b := range s.opened {
		b.close()
	}
	if s.proxy != nil {
		s.proxy.close()
	}
	if s.cutter != nil {
		s.cutter.close()
	}
	s.guard.Close()
}

// login is the good one, through the proxy.
func (s *suite) login() map[string]string {
	given := maps.Clone(s.Credentials)
	if s.proxy != nil {
		given[s.address] = s.proxy.own.String()
	}
	if s.cutter != nil {
		given[s.TCP[0]], given[s.TCP[1]] = s.cutter.host(), s.cutter.port()
	}
	return given
}

// check is one of the suite's.
type check struct {
	name string
	why  func(*suite) string // why it cannot be made here; "": it can
	run  func(*checking)
}

// checking is a check on its way.
type checking struct {
	*suite
	name string
	rows []Row
}

// stop ends a check on the way.
type stop struct{ text string }

func stopf(format string, args ...any) { panic(stop{fmt.Sprintf(format, args...)}) }

// must ends a check with an error.
func must(err error) {
	if err != nil {
		panic(stop{err.Error()})
	}
}

// check makes one check and notes how it ended.
func (s *suite) check(c check) {
	k := &checking{suite: s, name: c.name}
	why := s.Unproven[c.name]
	if why == "" && c.why != nil {
		why = c.why(s)
	}
	if why != "" {
		s.rows = append(s.rows, Row{c.name, "", NotChecked, why})
		return
	}
	began := time.Now()
	k.guarded("", func() { c.run(k) })
	s.took = append(s.took, Took{c.name, time.Since(began)})
	if s.proxy != nil {
		s.proxy.plan.Set()
	}
	if len(k.rows) == 0 {
		k.rows = append(k.rows, Row{c.name, "", OK, ""})
	}
	s.rows = append(s.rows, k.rows...)
}

// guarded runs a part of a check; one that stops has failed.
func (c *checking) guarded(entity string, part func()) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case stop:
			c.failed(entity, "%s", p.text)
		default:
			panic(p)
		}
	}()
	part()
}

// each runs a part for each entity that is looked at, and notes which were well.
func (c *checking) each(part func(e string)) {
	for _, e := range c.connector.Entities {
		if !c.wants(e.Name) {
			continue
		}
		if why := c.Unproven[c.name+" "+e.Name]; why != "" {
			c.notChecked(e.Name, "%s", why)
			continue
		}
		if c.main != nil && c.counts[e.Name] == 0 && looksAtRecords(c.name) {
			c.notChecked(e.Name, "the system holds none")
			continue
		}
		before := len(c.rows)
		c.guarded(e.Name, func() { part(e.Name) })
		if len(c.rows) == before {
			c.rows = append(c.rows, Row{c.name, e.Name, OK, ""})
		}
	}
}

// looksAtRecords tells which checks say nothing of an entity without records.
func looksAtRecords(check string) bool {
	return contains([]string{"lists and gets agree", "every word is mapped", "small pages give the same", "resume from every checkpoint", zonesHold}, check)
}

func (c *checking) failed(entity, format string, args ...any) {
	c.note(Row{c.name, entity, Failed, fmt.Sprintf(format, args...)})
}

// note keeps a row, once.
func (c *checking) note(r Row) {
	if !slices.Contains(c.rows, r) {
		c.rows = append(c.rows, r)
	}
}

func (c *checking) notChecked(entity, format string, args ...any) {
	c.note(Row{c.name, entity, NotChecked, fmt.Sprintf(format, args...)})
}

// place says where in the manifest an entity stands.
func (s *suite) place(entity string) string {
	e := s.connector.Entity(entity)
	if e == nil {
		return s.System
	}
	return fmt.Sprintf("%s:%d: entities.%s", e.Pos.File, e.Pos.Line, entity)
}

func contains(list []string, one string) bool { return slices.Contains(list, one) }

func some(list []string) string {
	if len(list) > 5 {
		return strings.Join(list[:5], ", ") + fmt.Sprintf(" and %d more", len(list)-5)
	}
	return strings.Join(list, ", ")
}
