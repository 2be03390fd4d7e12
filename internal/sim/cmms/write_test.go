package cmms_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/sim/cmms"
)

// scribe writes to a SimCMMS through its manifest.
type scribe struct {
	*testing.T
	driver.Writer
	system *manifest.System
	ctx    context.Context
}

func (s *scribe) command(entity string, op manifest.Op, id, body string, current []byte) driver.Command {
	return driver.Command{Entity: s.system.Entity(entity), Op: op, RemoteID: id, Body: []byte(body), Current: current, Insist: current != nil, Mark: "bb-1"}
}

func (s *scribe) write(c driver.Command) driver.Written {
	s.Helper()
	w, err := s.Write(s.ctx, c)
	if err != nil {
		s.Fatal(err)
	}
	return w
}

// move gives the command of a change of status.
func (s *scribe) move(entity, id, to string, current []byte) driver.Command {
	c := s.command(entity, manifest.Update, id, "", current)
	for i, m := range c.Entity.Moves.Rows {
		if m.To == to {
			c.Move = &c.Entity.Moves.Rows[i]
		}
	}
	return c
}

func TestConnectorWrites(t *testing.T) {
	t.Parallel()
	sim := start(t, cmms.Options{Counts: few()})
	system, client := connector(t, sim.URL(), cmms.DefaultKey)
	s := &scribe{t, client.(driver.Writer), system, egress.AsWrite(t.Context(), egress.Sending{Fresh: true})}
	made := s.write(s.command("work-orders", manifest.Create, "", `{"title":"Mend","equipment":{"id":2},"externalId":"bb-1"}`, nil))
	if made.RemoteID != "61" || !bytes.Contains(made.Record, []byte(`"state":"OPEN"`)) {
		t.Fatalf("%+v", made)
	}
	begun := s.write(s.move("work-orders", "61", "in_progress", made.Record))
	if !bytes.Contains(begun.Record, []byte(`"state":"IN_PROGRESS"`)) {
		t.Errorf("%s", begun.Record)
	}
	if _, err := s.Write(s.ctx, s.command("work-orders", manifest.Update, "61", `{"report":"x"}`, made.Record)); driver.FateOf(err) != driver.Conflicts {
		t.Errorf("of an old version: %v", err)
	}
	changed := s.write(s.command("work-orders", manifest.Update, "61", `{"report":"x"}`, begun.Record))
	if read, err := s.ReadOne(t.Context(), system.Entity("work-orders"), "61"); err != nil || !bytes.Equal(read, changed.Record) {
		t.Errorf("%s %v", read, err)
	}
	e := system.Entity("work-orders")
	found, err := s.Search(t.Context(), driver.Search{Entity: e, Rung: &e.Operations[manifest.Create].Ladder[0], Value: "bb-1"})
	if err != nil || len(found) != 1 || !bytes.Equal(found[0], changed.Record) {
		t.Errorf("%s %v", found, err)
	}
	if _, err := s.Write(s.ctx, s.command("work-orders", manifest.Delete, "61", "", changed.Record)); driver.FateOf(err) != driver.Refused {
		t.Errorf("deleted under way: %v", err)
	}
	asset := s.write(s.command("assets", manifest.Create, "", `{"tag":"N-1","name":"New","site":{"id":1}}`, nil))
	if _, err := s.Write(s.ctx, s.command("assets", manifest.Create, "", `{"tag":"N-1","name":"New","site":{"id":1}}`, nil)); driver.FateOf(err) != driver.Doubled {
		t.Errorf("twice: %v", err)
	}
	s.write(s.command("assets", manifest.Delete, asset.RemoteID, "", asset.Record))
	if read, err := s.ReadOne(t.Context(), system.Entity("assets"), asset.RemoteID); read != nil || err != nil {
		t.Errorf("deleted: %s %v", read, err)
	}
}

// Colleagues in SimCMMS change, add and remove what the connector shows.
func TestHands(t *testing.T) {
	t.Parallel()
	sim := start(t, cmms.Options{Counts: few()})
	system, client := connector(t, sim.URL(), cmms.DefaultKey)
	w := client.(driver.Writer)
	for _, e := range system.Entities {
		id := "1"
		if e.Name != "stock-levels" {
			var err error
			if id, err = sim.Add(t.Context(), e.Name); err != nil {
				t.Fatal(err)
			}
		}
		before, err := w.ReadOne(t.Context(), e, id)
		if err != nil || before == nil {
			t.Fatalf("%s: %s %v", e.Name, before, err)
		}
		if err := sim.Touch(t.Context(), e.Name, id); err != nil {
			t.Fatal(err)
		}
		if after, err := w.ReadOne(t.Context(), e, id); err != nil || bytes.Equal(after, before) {
			t.Errorf("%s: %s %v", e.Name, after, err)
		}
		if err := sim.Remove(t.Context(), e.Name, id); err != nil {
			t.Fatal(err)
		}
		if gone, err := w.ReadOne(t.Context(), e, id); gone != nil || err != nil {
			t.Errorf("%s: %s %v", e.Name, gone, err)
		}
	}
}
