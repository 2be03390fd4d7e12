package odoo

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync/atomic"
)

// Hands are another user of the server, who knows Busbar's names of entities.
type Hands struct {
	*Server
	n atomic.Int64
}

// table is what a user does with one entity.
type table struct {
	model  string
	field  string // a text that a touch changes
	values func(n int64) map[string]any
}

func (*Hands) tables() map[string]table {
	named := func(name string) func(int64) map[string]any {
		return func(n int64) map[string]any { return map[string]any{"name": fmt.Sprintf("%s by hand %d", name, n)} }
	}
	return map[string]table{
		"vendors": {"res.partner", "phone", func(n int64) map[string]any {
			return map[string]any{"name": fmt.Sprintf("Vendor by hand %d", n), "supplier_rank": 1}
		}},
		"customers": {"res.partner", "phone", func(n int64) map[string]any {
			return map[string]any{"name": fmt.Sprintf("Customer by hand %d", n), "customer_rank": 1}
		}},
		"items":           {"product.product", "description", named("Item")},
		"purchase-orders": {"purchase.order", "notes", nil},
		"assets":          {"maintenance.equipment", "note", named("Machine")},
		"work-orders":     {"maintenance.request", "description", named("Request")},
		"teams":           {"maintenance.team", "name", named("Team")},
	}
}

// Touches names the entities that Touch can change.
func (h *Hands) Touches() (names []string) {
	for name := range h.tables() {
		names = append(names, name)
	}
	return names
}

// Adds names the entities that Add can make a record of; Remove deletes those.
func (h *Hands) Adds() (names []string) {
	for name, t := range h.tables() {
		if t.values != nil {
			names = append(names, name)
		}
	}
	return names
}

// Touch changes a text of a record.
func (h *Hands) Touch(ctx context.Context, entity, remoteID string) error {
	t := h.tables()[entity]
	id, err := strconv.Atoi(remoteID)
	if err != nil {
		return err
	}
	_, err = h.Try(ctx, t.model, "write", []int{id}, map[string]any{t.field: fmt.Sprintf("touched %d", h.n.Add(1))})
	return err
}

// Add makes a record.
func (h *Hands) Add(ctx context.Context, entity string) (remoteID string, err error) {
	t := h.tables()[entity]
	raw, err := h.Try(ctx, t.model, "create", t.values(h.n.Add(1)))
	var id json.Number
	if err == nil {
		err = json.Unmarshal(raw, &id)
	}
	return id.String(), err
}

// Remove deletes a record.
func (h *Hands) Remove(ctx context.Context, entity, remoteID string) error {
	id, err := strconv.Atoi(remoteID)
	if err != nil {
		return err
	}
	_, err = h.Try(ctx, h.tables()[entity].model, "unlink", []int{id})
	return err
}
