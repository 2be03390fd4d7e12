package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// asked is a status that a write asks for.
type asked struct {
	word, source string
	pointer      string
}

// moves finds the changes of status that a write asks for, and takes the status out of what is sent otherwise.
func (c *checker) moves() []*manifest.Move {
	if c.Entity.Moves == nil {
		return nil
	}
	a, ok := c.askedStatus()
	if !ok {
		return nil
	}
	c.asksStatus = true
	from := c.status()
	if c.Op == manifest.Create {
		from = initial(c.Entity.Moves)
	}
	if a.word == from {
		c.sameWord(a)
		return nil
	}
	way, ok := wayTo(c.Entity.Moves.Rows, from, a.word)
	if !ok {
		c.fault(problem.Item{Pointer: a.pointer, Code: problem.ForbiddenByState, Rule: manifest.MovesRule(c.Entity.Name), Detail: c.noWay(from, a.word)})
	}
	return way
}

// initial is the status that a new record has: that from which the first row leads.
func initial(m *manifest.Moves) string {
	if len(m.Rows) == 0 || len(m.Rows[0].From) == 0 {
		return ""
	}
	return m.Rows[0].From[0]
}

// sameWord refuses another word of the source's for the same status: moves lead from status to status.
func (c *checker) sameWord(a asked) {
	if now := textOf(c.now.Get(c.Entity.Moves.Field + "_source")); a.source != "" && c.Op == manifest.Update && a.source != now {
		c.fault(problem.Item{Pointer: a.pointer, Code: problem.ForbiddenByState, Rule: manifest.MovesRule(c.Entity.Name),
			Detail: fmt.Sprintf("%q and %q are both %s, and no move leads from one to the other; leave the status out.", now, a.source, a.word)})
	}
}

// askedStatus reads the status from what was sent; what is wrong with it is a fault.
func (c *checker) askedStatus() (a asked, ok bool) {
	name := c.Entity.Moves.Field
	word, source := c.data.Get(name), c.data.Get(name+"_source")
	for _, v := range []rawjson.Value{word, source} {
		if v.Kind() != rawjson.Missing {
			c.drop["/"+string(v.Name())] = true
		}
	}
	switch {
	case word.Kind() == rawjson.Missing && source.Kind() == rawjson.Missing:
		return a, false
	case !isGiven(word) && !isGiven(source):
		if c.Op == manifest.Update {
			c.wrongStatus("/"+name, "A status cannot be emptied; leave it out.")
		}
		return a, false
	}
	a.word, a.source, a.pointer = textOf(word), textOf(source), "/"+name
	if !isGiven(word) {
		a.pointer += "_source"
	}
	return a, c.agree(&a, word, source)
}

// agree checks that both forms of a status say the same, in words that there are.
func (c *checker) agree(a *asked, word, source rawjson.Value) bool {
	m := c.Entity.Field(c.Entity.Moves.Field)
	known := c.Entity.StatusWords()
	switch {
	case isGiven(source) && source.Kind() != rawjson.String || isGiven(word) && word.Kind() != rawjson.String:
		return c.wrongStatus(a.pointer, "A status is a text. Write "+oneOf(known)+".")
	case isGiven(word) && !slices.Contains(known, a.word):
		return c.wrongStatus(a.pointer, fmt.Sprintf("%s has no status %q. %s", c.System.Name, a.word, choice(a.word, known)))
	case !isGiven(source):
		return true
	}
	leads := "other"
	if i := slices.IndexFunc(m.Values, func(r manifest.EnumMap) bool { return r.Source == a.source }); i >= 0 {
		leads = m.Values[i].Name
	}
	if isGiven(word) && a.word != leads {
		return c.wrongStatus(a.pointer, fmt.Sprintf("%q is %s in %s, not %s. Give one of the two, or both so that they agree.", a.source, leads, c.System.Name, a.word))
	}
	a.word = leads
	return true
}

func (c *checker) wrongStatus(pointer, detail string) bool {
	c.fault(problem.Item{Pointer: pointer, Code: problem.Invalid, Detail: detail, Rule: manifest.MovesRule(c.Entity.Name)})
	return false
}

func (c *checker) noWay(from, to string) string {
	reach := reachable(c.Entity.Moves.Rows, from)
	if from == "" {
		from = "empty"
	}
	if len(reach) == 0 {
		return fmt.Sprintf("No change of status leads away from %s, so %s cannot be reached. Leave the status out.", from, to)
	}
	return fmt.Sprintf("No change of status leads from %s to %s. From %s it can become %s.", from, to, from, oneOf(reach))
}

// wayTo gives the shortest way from a status to another, the rows that stand first preferred.
func wayTo(rows []manifest.Move, from, to string) ([]*manifest.Move, bool) {
	ways := map[string][]*manifest.Move{from: nil}
	for open := []string{from}; len(open) > 0; open = open[1:] {
		for i := range rows {
			m := &rows[i]
			if _, been := ways[m.To]; been || !slices.Contains(m.From, open[0]) {
				continue
			}
			ways[m.To] = append(slices.Clone(ways[open[0]]), m)
			if m.To == to {
				return ways[to], true
			}
			open = append(open, m.To)
		}
	}
	return nil, false
}

// WentOn tells whether a record that was in one status and was to become another may have become it and gone on by itself to the one that it has now: a way leads on from what was asked for, through none that
// leads back to what it was before; or no way that is declared leads there at all.
func WentOn(m *manifest.Moves, before, asked, now string) bool {
	var on []manifest.Move
	known := false
	for _, row := range m.Rows {
		known = known || row.To == now
		if _, back := wayTo(m.Rows, row.To, before); row.To == now || !back {
			on = append(on, row)
		}
	}
	_, leads := wayTo(on, asked, now)
	return now != before && (leads || !known)
}

// reachable lists the statuses to which any way leads.
func reachable(rows []manifest.Move, from string) []string {
	var found []string
	for _, m := range rows {
		if _, ok := wayTo(rows, from, m.To); ok && m.To != from && !slices.Contains(found, m.To) {
			found = append(found, m.To)
		}
	}
	return found
}

// without rebuilds an object without the members at the dropped pointers, and with more members at its end.
func without(v rawjson.Value, at string, drop map[string]bool, more ...string) []byte {
	switch v.Kind() {
	case rawjson.Object:
		var parts []string
		for m := v.First(); m.Kind() != rawjson.Missing; m = m.Next() {
			pointer := at + manifest.Path{string(m.Name())}.Pointer()
			if !drop[pointer] {
				parts = append(parts, quoted(string(m.Name()))+":"+string(without(m, pointer, drop)))
			}
		}
		return []byte("{" + strings.Join(append(parts, more...), ",") + "}")
	case rawjson.Array:
		var parts []string
		for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
			parts = append(parts, string(without(e, fmt.Sprintf("%s/%d", at, len(parts)), drop)))
		}
		return []byte("[" + strings.Join(parts, ",") + "]")
	}
	return v.Raw()
}

func quoted(text string) string {
	out, err := rawjson.Quote(nil, text)
	if err != nil {
		return `""` // texts that were parsed are valid
	}
	return string(out)
}
