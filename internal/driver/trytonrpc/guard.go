package trytonrpc

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

const stampField = "_timestamp"

// guard makes Tryton refuse the write when the record is not Current any more. The record is read once more with the stamps by which Tryton tells, its own and those
// of the records that the write changes with it: a line that somebody changes does not stamp its order.
func (c *client) guard(ctx context.Context, w *write) error {
	if !w.Insist || w.id == 0 || w.Current == nil {
		return nil
	}
	others := w.others()
	fields := append(slices.Clone(w.reading.Fields), stampField)
	volatile := [][]string{{stampField}}
	for _, name := range slices.Sorted(maps.Keys(others)) {
		fields = append(fields, name+"."+stampField)
		volatile = append(volatile, []string{name + ".", stampField})
	}
	for _, p := range w.Entity.Volatile {
		volatile = append(volatile, p)
	}
	now, err := c.one(ctx, w.reading, w.id, fields)
	switch {
	case err != nil:
		return err
	case now == nil:
		return gone()
	}
	if same, err := rawjson.Equal(now, w.Current, volatile); err != nil || !same {
		return conflict(err)
	}
	stamps, err := stampsOf(now, w.reading.Model, others)
	w.context[stampField] = stamps
	return err
}

// others names the members with records that the write changes too, and their models.
func (w *write) others() map[string]string {
	models := map[string]string{}
	if w.Move != nil || w.sending == nil {
		return models
	}
	for name, l := range w.sending.Lists {
		if _, ok, err := rawjson.Find(w.Body, name+"."); ok && err == nil {
			models[name] = l.Model
		}
	}
	if t := w.sending.Through; t != nil {
		models[t.Member] = t.Model
	}
	return models
}

// stampsOf collects the stamps of a record and of those within.
func stampsOf(record []byte, model string, others map[string]string) (map[string]string, error) {
	stamps := map[string]string{}
	if err := addStamp(stamps, model, record); err != nil {
		return nil, err
	}
	for name, model := range others {
		raw, ok, err := rawjson.Find(record, name+".")
		if err != nil || !ok || string(raw) == "null" {
			continue
		}
		within := [][]byte{raw}
		if raw[0] == '[' {
			if within, err = rawjson.Split(raw); err != nil {
				return nil, torn(err)
			}
		}
		for _, one := range within {
			if err := addStamp(stamps, model, one); err != nil {
				return nil, err
			}
		}
	}
	return stamps, nil
}

func addStamp(stamps map[string]string, model string, record []byte) error {
	var r struct {
		ID    json.Number `json:"id"`
		Stamp string      `json:"_timestamp"`
	}
	if err := json.Unmarshal(record, &r); err != nil || r.ID == "" || r.Stamp == "" {
		return &driver.Error{Kind: driver.Torn, Detail: "Tryton does not say when a record of " + model + " was changed.", Err: err}
	}
	stamps[model+","+r.ID.String()] = r.Stamp
	return nil
}

func gone() error { return &driver.Error{Kind: driver.Gone, Detail: "Tryton has no such record."} }

func conflict(err error) error {
	return &driver.Error{Kind: driver.Conflict, Detail: "The record has changed in Tryton since it was read.", Err: err}
}
