package conformance

import (
	"slices"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// moves takes new records through every change of status that the manifest offers.
func (c *checking) moves() {
	c.each(func(name string) {
		e := c.connector.Entity(name)
		if e.Moves == nil || e.Operations[manifest.Update].Send.Node == nil && len(e.Operations) == 0 {
			c.notChecked(name, notDeclared)
			return
		}
		if _, makes := e.Operations[manifest.Create]; !makes {
			c.notChecked(name, "the suite makes no record of it")
			return
		}
		done, refused := map[string]bool{}, map[string]string{}
		for _, row := range e.Moves.Rows {
			for _, from := range row.From {
				c.move(e, from, row.To, done, refused)
			}
		}
		c.movesEnd(e, done, refused)
	})
}

// move makes one change of status with a new record, along the way that leads to where it begins.
func (c *checking) move(e *manifest.Entity, from, to string, done map[string]bool, refused map[string]string) {
	if done[from+" to "+to] {
		return
	}
	r := c.make(e)
	for _, word := range append(way(e, r.text("status"), from, refused), to) {
		was := r.text("status")
		if was == word {
			continue // the system went there by itself
		}
		out := c.main.write("PATCH", "/v1/"+e.Name+"/"+r.text("id"), object{"status": word})
		if out.status != "applied" {
			refused[was+" to "+word] = out.why
			return
		}
		r = c.main.call(c.main.token, "GET", "/v1/"+e.Name+"/"+r.text("id"), nil)
		done[was+" to "+word] = true
		if was == r.text("status") {
			c.failed(e.Name, "the move from %s to %s was taken, and the record still is %s", was, word, was)
			return
		}
	}
}

// way gives the words through which a record goes from one status to another, the last one included; nothing where no way leads there.
func way(e *manifest.Entity, from, to string, refused map[string]string) []string {
	type place struct {
		at   string
		path []string
	}
	seen := map[string]bool{from: true}
	for todo := []place{{from, nil}}; len(todo) > 0; todo = todo[1:] {
		p := todo[0]
		if p.at == to {
			return p.path
		}
		for _, row := range e.Moves.Rows {
			if slices.Contains(row.From, p.at) && !seen[row.To] && refused[p.at+" to "+row.To] == "" {
				seen[row.To] = true
				todo = append(todo, place{row.To, append(slices.Clone(p.path), row.To)})
			}
		}
	}
	return nil
}

// movesEnd notes which moves were made. One that the system refuses of a new record is not proved; when it refuses all, the manifest is wrong.
func (c *checking) movesEnd(e *manifest.Entity, done map[string]bool, refused map[string]string) {
	if len(done) == 0 {
		c.failed(e.Name, "no move of the manifest works: %v (%s)", refused, c.place(e.Name))
		return
	}
	c.seen[[2]string{e.Name, "moves"}] = true
	var left []string
	for _, row := range e.Moves.Rows {
		for _, from := range row.From {
			name := from + " to " + row.To
			why, no := refused[name]
			unproven := c.Unproven["move "+e.Name+" "+name]
			switch {
			case done[name]:
			case unproven != "":
				left = append(left, name+" ("+unproven+")")
			case no:
				c.failed(e.Name, "the move from %s is refused: %s. Take it out of the manifest, or let the stand say why it cannot be seen here (%s:%d)", name, why, row.Pos.File, row.Pos.Line)
			default:
				left = append(left, name+" (no way leads there from a new record)")
			}
		}
	}
	if len(left) > 0 {
		c.notChecked(e.Name, "%d moves were made; not: %s", len(done), some(left))
	}
}

// many sends a few creates at once by the system's own call for many.
func (c *checking) many() {
	c.each(func(name string) {
		e := c.connector.Entity(name)
		o, ok := e.Operations[manifest.Create]
		if !ok || o.Bulk == nil {
			c.notChecked(name, notDeclared)
			return
		}
		items := []any{}
		for range 3 {
			items = append(items, map[string]any{"op": "create", "data": c.body(e)})
		}
		before := c.main.tap.writes.Load()
		r := c.main.call(c.main.token, "POST", "/v1/"+name+"/batch", map[string]any{"items": items})
		c.main.over(r.text("id"))
		for _, it := range c.main.list("/v1/operations/"+r.text("id")+"/items", nil) {
			if it.text("status") != "applied" {
				c.failed(name, "an item of a batch ends %s: %s", it.text("status"), it.text("error", "detail"))
				return
			}
			c.made[name] = append(c.made[name], it.text("id"))
		}
		if n := c.main.tap.writes.Load() - before; n >= 3 {
			c.failed(name, "three creates took %d calls, although a call for many is declared", n)
			return
		}
		c.seen[[2]string{name, "bulk"}] = true
	})
}
