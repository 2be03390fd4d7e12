package records

import (
	"context"
	"fmt"
)

// Hand says how other users of a system work on the records of one of Busbar's entities, past every rule.
type Hand struct {
	Table string
	Touch func(x *Tx, r Record) // changes something that lists show
	New   func(x *Tx) Record    // makes a whole record, without an id
}

// Hands are the other users of a system, by entity.
type Hands struct {
	Store *Store
	By    map[string]Hand
}

// Touch changes a record, stamped as the system stamps it.
func (h Hands) Touch(_ context.Context, entity, remoteID string) error {
	hand, ok := h.By[entity]
	if !ok || hand.Touch == nil {
		return fmt.Errorf("nobody changes %s there", entity)
	}
	return h.Store.Do(func(x *Tx) error {
		old := x.Get(hand.Table, remoteID)
		if old == nil {
			return fmt.Errorf("there is no %s in %s", remoteID, hand.Table)
		}
		r := Clone(old)
		hand.Touch(x, r)
		x.Put(hand.Table, r)
		return nil
	})
}

// Add makes a record.
func (h Hands) Add(_ context.Context, entity string) (remoteID string, err error) {
	hand, ok := h.By[entity]
	if !ok || hand.New == nil {
		return "", fmt.Errorf("nobody adds %s there", entity)
	}
	err = h.Store.Do(func(x *Tx) error {
		remoteID = x.Put(hand.Table, hand.New(x))
		return nil
	})
	return remoteID, err
}

// Remove takes a record away.
func (h Hands) Remove(_ context.Context, entity, remoteID string) error {
	hand, ok := h.By[entity]
	if !ok {
		return fmt.Errorf("nobody removes %s there", entity)
	}
	return h.Store.Do(func(x *Tx) error {
		if x.Get(hand.Table, remoteID) == nil {
			return fmt.Errorf("there is no %s in %s", remoteID, hand.Table)
		}
		x.Remove(hand.Table, remoteID)
		return nil
	})
}
