package write_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
)

// overtaken is a client of which one call waits, when it is about to be sent, until another write is over.
type overtaken struct {
	driver.Client
	driver.Writer
	by func() // once
}

func (o *overtaken) Close() error { return nil }

func (o *overtaken) Write(ctx context.Context, c driver.Command) (driver.Written, error) {
	o.wait()
	return o.Writer.Write(ctx, c)
}

func (o *overtaken) WriteMany(ctx context.Context, cs []driver.Command, atomic bool) ([]driver.Result, error) {
	o.wait()
	return o.Writer.WriteMany(ctx, cs, atomic)
}

func (o *overtaken) wait() {
	if by := o.by; by != nil {
		o.by = nil
		by()
	}
}

// overtake lets a write go before the next one that is about to be sent.
func (p *plant) overtake(by func()) {
	p.client = &overtaken{Client: p.client, Writer: p.client.(driver.Writer), by: by}
}

func (p *plant) patch(entity string, id uuid.UUID, ifMatch, data string) (*write.Outcome, error) {
	return p.service.Write(p.Context(), write.Request{Connection: p.conn, Entity: entity, Op: manifest.Update, ID: id.String(), Data: []byte(data), IfMatch: ifMatch, Strict: true, Wait: 20 * time.Second})
}

// trusting makes the system one that does not look whether a record is the version that a write was made for.
func trusting(text string) string { return strings.ReplaceAll(text, "        insists: true\n", "") }

// Between the verdict on a write and its first byte another write changes the record. Who insists on a version is refused, and whose list is sent as a whole does not take away what the other has added, also where the
// system itself looks at no version.
func TestRecordChangesBeforeTheFirstByte(t *testing.T) {
	t.Parallel()
	for name, edits := range map[string][]edit{"the system insists": nil, "it does not": {trusting}} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t, edits...)
			made := p.items(p.finish(p.batch("vendors", vendors(0, 4))))
			one, batch := made[0], made[1:]
			tag := fmt.Sprintf("%q", one.Version)
			p.overtake(func() {
				if o, err := p.patch("vendors", one.Record, tag, `{"name":"first"}`); err != nil || o.Item.Status != store.ItemApplied {
					t.Errorf("the first: %+v %v", o, err)
				}
			})
			if o, err := p.patch("vendors", one.Record, tag, `{"name":"second"}`); err == nil && o.Item.Status == store.ItemApplied {
				t.Errorf("both writes for version %s were applied", tag)
			}
			p.overtake(func() { _, _ = p.patch("vendors", one.Record, "", `{"phone":"1"}`) })
			if o, err := p.patch("vendors", one.Record, "", `{"website":"w"}`); err != nil || o.Item.Status != store.ItemApplied {
				t.Errorf("without a version: %+v %v", o, err)
			}
			p.overtake(func() { _, _ = p.patch("vendors", batch[1].Record, "", `{"name":"first"}`) })
			var items []write.BatchItem
			for _, it := range batch {
				items = append(items, write.BatchItem{Op: manifest.Update, ID: it.Record.String(), IfMatch: fmt.Sprintf("%q", it.Version), Data: []byte(`{"name":"second"}`)})
			}
			o := p.finish(p.batch("vendors", items))
			p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: 2, Rejected: 1})
			if its := p.items(o); its[1].Status != store.ItemRejected {
				t.Errorf("the item whose record had changed is %s", its[1].Status)
			}
		})
	}
}

// Lines that two writes add at once are both there.
func TestLinesAddedAtOnce(t *testing.T) {
	t.Parallel()
	for name, edits := range map[string][]edit{"the system insists": nil, "it does not": {trusting}} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t, edits...)
			line := func(text string) string {
				return `{"lines":[{"item":{"remote_id":"000001"},"description":"` + text + `","quantity":{"value":"2"}}]}`
			}
			made := p.items(p.finish(p.batch("purchase-requisitions", []write.BatchItem{{Op: manifest.Create, Data: []byte(line("first"))}})))[0]
			p.overtake(func() {
				if _, err := p.patch("purchase-requisitions", made.Record, "", line("theirs")); err != nil {
					t.Error(err)
				}
			})
			if _, err := p.patch("purchase-requisitions", made.Record, "", line("ours")); err != nil {
				t.Fatal(err)
			}
			effects := p.sim.Effects()
			last := string(effects[len(effects)-1].Record)
			if i := slices.IndexFunc([]string{"first", "theirs", "ours"}, func(s string) bool { return strings.Count(last, `"`+s+`"`) != 1 }); i >= 0 {
				t.Errorf("the requisition is %s", last)
			}
		})
	}
}
