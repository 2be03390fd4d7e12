package erp_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// scribe writes to a SimERP through its manifest.
type scribe struct {
	*testing.T
	driver.Writer
	system *manifest.System
	ctx    context.Context
}

func scribeOf(t *testing.T, url string) *scribe {
	t.Helper()
	s, _ := connector(t, url, erp.DefaultKey)
	g := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}})
	t.Cleanup(g.Close)
	c, err := rest.New().Open(s, driver.Config{Credentials: secret.NewCredentials(map[string]string{"url": url, "api_key": erp.DefaultKey}).Public("url"),
		HTTP: g.Client(egress.ClientConfig{Attempts: 1}), Now: func() time.Time { return base }, TimeZone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	return &scribe{t, c.(driver.Writer), s, egress.AsWrite(t.Context(), egress.Sending{Fresh: true})}
}

func (s *scribe) command(entity string, op manifest.Op, id, body, mark string) driver.Command {
	return driver.Command{Entity: s.system.Entity(entity), Op: op, RemoteID: id, Body: []byte(body), Mark: mark}
}

// write sends a write that must succeed.
func (s *scribe) write(c driver.Command) driver.Written {
	s.Helper()
	w, err := s.Write(s.ctx, c)
	if err != nil {
		s.Fatal(err)
	}
	return w
}

// find searches by the entity's rung of a class.
func (s *scribe) find(entity string, class manifest.Class, value string, since time.Time) [][]byte {
	s.Helper()
	e := s.system.Entity(entity)
	for i, r := range e.Operations[manifest.Create].Ladder {
		if r.Class == class {
			found, err := s.Search(s.Context(), driver.Search{Entity: e, Rung: &e.Operations[manifest.Create].Ladder[i], Value: value, Since: since})
			if err != nil {
				s.Fatal(err)
			}
			return found
		}
	}
	s.Fatalf("%s is not %s", entity, class)
	return nil
}

func TestConnectorWrites(t *testing.T) {
	t.Parallel()
	sim, _ := start(t, erp.Options{Counts: few()})
	s := scribeOf(t, sim.URL())
	made := s.write(s.command("purchase-orders", manifest.Create, "", anOrder, "bb-1"))
	if made.RemoteID != "00000121" || !bytes.Contains(made.Record, []byte(`"status":"DRAFT"`)) {
		t.Fatalf("%+v", made)
	}
	moved := s.write(s.command("purchase-orders", manifest.Update, made.RemoteID, `{"status":"PENDING"}`, ""))
	insisting := s.command("purchase-orders", manifest.Update, made.RemoteID, `{"note":"Call."}`, "")
	insisting.Insist, insisting.Current = true, made.Record
	if _, err := s.Write(s.ctx, insisting); driver.FateOf(err) != driver.Conflicts {
		t.Errorf("of an old version: %v", err)
	}
	insisting.Current = moved.Record
	changed := s.write(insisting)
	if read, err := s.ReadOne(t.Context(), s.system.Entity("purchase-orders"), made.RemoteID); err != nil || !bytes.Equal(read, changed.Record) {
		t.Errorf("%s %v, want %s", read, err, changed.Record)
	}
	if found := s.find("purchase-orders", manifest.W3, "bb-1", time.Time{}); len(found) != 1 || !bytes.Equal(found[0], changed.Record) {
		t.Errorf("found %s", found)
	}
	s.write(s.command("purchase-orders", manifest.Delete, made.RemoteID, "", ""))
	if read, err := s.ReadOne(t.Context(), s.system.Entity("purchase-orders"), made.RemoteID); read != nil || err != nil {
		t.Errorf("deleted: %s %v", read, err)
	}
	if _, err := s.Write(s.ctx, s.command("purchase-orders", manifest.Delete, made.RemoteID, "", "")); driver.FateOf(err) != driver.Missing {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestConnectorFindsWhatItMade(t *testing.T) {
	t.Parallel()
	sim, _ := start(t, erp.Options{Counts: few()})
	s := scribeOf(t, sim.URL())
	item := s.command("items", manifest.Create, "", `{"name":"Shim"}`, "k1")
	if a, b := s.write(item), s.write(item); a.RemoteID != b.RemoteID || effects(sim, "items")["create k1"] != 1 {
		t.Errorf("%s and %s", a.RemoteID, b.RemoteID)
	}
	vendor := s.command("vendors", manifest.Create, "", `{"name":"A","vendorNumber":"bb-2"}`, "bb-2")
	s.write(vendor)
	if _, err := s.Write(s.ctx, vendor); driver.FateOf(err) != driver.Doubled {
		t.Errorf("a number twice: %v", err)
	}
	if _, err := s.Write(s.ctx, s.command("vendors", manifest.Update, "000001", `{"vendorNumber":"bb-2"}`, "")); driver.FateOf(err) != driver.Doubled {
		t.Errorf("a number twice, by a change: %v", err)
	}
	taken := s.command("purchase-requisitions", manifest.Create, "", `{"lines":[{"itemId":"000003","quantity":"2"}]}`, "bb-3")
	requisition, err := s.Job(s.ctx, taken, s.write(taken).Job)
	if err != nil || !requisition.Over || requisition.Err != nil {
		t.Fatalf("the job that makes a requisition: %+v %v", requisition, err)
	}
	for _, c := range []struct {
		entity string
		class  manifest.Class
		value  string
		since  time.Time
		want   int
	}{
		{"vendors", manifest.W2, "bb-2", time.Time{}, 1}, {"vendors", manifest.W2, "bb-", time.Time{}, 0},
		{"purchase-requisitions", manifest.W4, "", base, 1}, {"purchase-requisitions", manifest.W4, "", base.Add(time.Hour), 0},
	} {
		if found := s.find(c.entity, c.class, c.value, c.since); len(found) != c.want {
			t.Errorf("%s %q since %s: %s", c.entity, c.value, c.since, found)
		}
	}
	if found := s.find("purchase-requisitions", manifest.W4, "", base); !bytes.Equal(found[0], requisition.Record) {
		t.Errorf("found %s, made %s", found[0], requisition.Record)
	}
}

func TestConnectorWritesManyAtOnce(t *testing.T) {
	t.Parallel()
	sim, _ := start(t, erp.Options{Counts: few()})
	s := scribeOf(t, sim.URL())
	for _, entity := range []string{"vendors", "items", "purchase-orders"} {
		var many []driver.Command
		for i := range 3 {
			body := fmt.Sprintf(`{"name":"N%d"}`, i)
			if entity == "purchase-orders" {
				body = anOrder
			}
			many = append(many, s.command(entity, manifest.Create, "", body, fmt.Sprint(entity, "-", i)))
		}
		results, err := s.WriteMany(s.ctx, many, true)
		if err != nil || len(results) != 3 {
			t.Fatalf("%s: %v %v", entity, results, err)
		}
		for i, op := range []manifest.Op{manifest.Update, manifest.Delete} {
			for j := range many {
				many[j].Op, many[j].RemoteID, many[j].Insist, many[j].Current = op, field(t, results[j].Record, "id"), true, results[j].Record
				if many[j].Body = []byte(`{}`); op == manifest.Delete {
					many[j].Body = nil
				}
			}
			if results, err = s.WriteMany(s.ctx, many, i == 0); err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				if r.Err != nil {
					t.Errorf("%s %s: %v", op, entity, r.Err)
				}
			}
		}
	}
	if n := len(sim.Effects()); n != 27 {
		t.Errorf("%d effects", n)
	}
	vendors := []driver.Command{s.command("vendors", manifest.Create, "", `{"name":"A"}`, "a"), s.command("vendors", manifest.Create, "", `{"name":""}`, "b")}
	for _, atomic := range []bool{false, true} {
		results, err := s.WriteMany(s.ctx, vendors, atomic)
		if err != nil || (results[0].Err == nil) == atomic || driver.FateOf(results[1].Err) != driver.Refused {
			t.Errorf("atomic %v: %+v %v", atomic, results, err)
		}
	}
}

// An answer that proves nothing is never taken for one that does.
func TestConnectorKnowsWhatAnAnswerProves(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault erp.Fault
		fate  driver.Fate
	}{
		"closed without an answer": {erp.Fault{Drop: true, Execute: true}, driver.Unknown},
		"cut in the head":          {erp.Fault{Torn: 20}, driver.Unknown},
		"cut in the body":          {erp.Fault{Torn: 700}, driver.Unknown},
		"gateway":                  {erp.Fault{Status: 502, Execute: true}, driver.Unknown},
		"gateway's own words":      {erp.Fault{Status: 503}, driver.Unknown},
		"login page":               {erp.Fault{LoginPage: true, Execute: true}, driver.Unknown},
		"redirect":                 {erp.Fault{Status: 302, Header: map[string]string{"Location": "/login"}}, driver.Unknown},
		"busy":                     {erp.Fault{Status: 429, RetryAfter: time.Second}, driver.NotSent},
		"an error in a 200":        {erp.Fault{Body: erp.ErrorBody}, driver.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, _ := spoilt(t, c.fault, erp.Options{})
			s := scribeOf(t, sim.URL())
			if _, err := s.Write(s.ctx, s.command("purchase-orders", manifest.Create, "", anOrder, "bb-1")); err == nil || driver.FateOf(err) != c.fate {
				t.Errorf("%v: %s, want %s", err, driver.FateOf(err), c.fate)
			}
		})
	}
	for name, c := range map[string]struct {
		fault erp.Fault
		fates string
	}{
		"results missing":         {erp.Fault{Rewrite: erp.Without(1)}, "|unknown|"},
		"another order":           {erp.Fault{Rewrite: erp.Reversed()}, "||"},
		"one twice, otherwise":    {erp.Fault{Rewrite: erp.Contradicted(1)}, "|unknown|"},
		"a key that nobody sent":  {erp.Fault{Rewrite: erp.Strange(1)}, "|unknown|"},
		"broken off after a part": {erp.Fault{Partly: 2}, "unknown|unknown|unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, _ := spoilt(t, c.fault, erp.Options{})
			s := scribeOf(t, sim.URL())
			var many []driver.Command
			for i := range 3 {
				many = append(many, s.command("vendors", manifest.Create, "", fmt.Sprintf(`{"name":"N%d"}`, i), fmt.Sprint("k", i)))
			}
			results, whole := s.WriteMany(s.ctx, many, false)
			fates := make([]string, len(many))
			for i := range many {
				err := whole
				if err == nil {
					err = results[i].Err
				}
				if err != nil {
					fates[i] = string(driver.FateOf(err))
				} else if name := field(t, results[i].Record, "name"); name != fmt.Sprint("N", i) {
					t.Errorf("result %d is that of %s", i, name)
				}
			}
			if got := strings.Join(fates, "|"); got != c.fates {
				t.Errorf("%s, want %s", got, c.fates)
			}
		})
	}
}
