package erp

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Hands are another user of SimERP, who knows its records by the names of the entities that they stand for.
type Hands struct {
	*Server
	made int
}

// hand says what another user changes of a resource.
type hand struct {
	resource, member string
	fresh            map[string]any // a new record besides its id; nil: none is made
}

func hands() map[string]hand {
	name := func(resource string) hand {
		return hand{resource, "name", map[string]any{"name": "Somebody else's", "active": true}}
	}
	return map[string]hand{
		"vendors": name("vendors"), "customers": name("customers"), "items": {"items", "name", map[string]any{"name": "Somebody else's", "baseUnit": "PCE", "itemType": "PART"}},
		"sites": {"warehouses", "name", nil}, "users": {"users", "fullName", nil}, "purchase-orders": {"purchase-orders", "note", nil}, "stock-levels": {"stock", "lot", nil},
		"accounts": {"accounts", "name", nil},
	}
}

// Touches names the entities that Touch can change, Adds those that Add and Remove know.
func (*Hands) Touches() (names []string) {
	for name := range hands() {
		names = append(names, name)
	}
	return names
}

// Adds names the entities of which records can be made and deleted.
func (*Hands) Adds() (names []string) {
	for name, h := range hands() {
		if h.fresh != nil {
			names = append(names, name)
		}
	}
	return names
}

func handOf(entity string) (hand, error) {
	h, ok := hands()[entity]
	if !ok {
		return h, fmt.Errorf("SimERP's hands know no %s", entity)
	}
	return h, nil
}

// Touch changes a member that people see.
func (h *Hands) Touch(_ context.Context, entity, remoteID string) error {
	own, err := handOf(entity)
	if err != nil {
		return err
	}
	h.made++
	return h.Edit(Edit{Resource: own.resource, ID: remoteID, Set: map[string]any{own.member: "Touched " + strconv.Itoa(h.made)}})
}

// Late changes the member in a transaction that is stamped now and seen five minutes later.
func (h *Hands) Late(_ context.Context, entity, remoteID string) (commit func() error, err error) {
	own, err := handOf(entity)
	if err != nil {
		return nil, err
	}
	h.made++
	now := h.opts.Now()
	return func() error { return nil }, h.Edit(Edit{Resource: own.resource, ID: remoteID, Set: map[string]any{own.member: "Late " + strconv.Itoa(h.made)}, Stamp: now, Visible: now.Add(5 * time.Minute)})
}

// Add makes a record and gives its id.
func (h *Hands) Add(_ context.Context, entity string) (string, error) {
	own, err := handOf(entity)
	if err != nil {
		return "", err
	}
	if own.fresh == nil {
		return "", fmt.Errorf("SimERP's hands make no %s", entity)
	}
	h.made++
	id := "9" + fmt.Sprintf("%05d", h.made)
	return id, h.Edit(Edit{Resource: own.resource, ID: id, Set: own.fresh})
}

// Remove deletes a record.
func (h *Hands) Remove(_ context.Context, entity, remoteID string) error {
	own, err := handOf(entity)
	if err != nil {
		return err
	}
	return h.Edit(Edit{Resource: own.resource, ID: remoteID, Delete: true})
}
