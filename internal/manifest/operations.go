package manifest

import (
	"cmp"
	"slices"
	"strconv"
)

const cancelled = "cancelled"

// writes takes over everything that the manifest says of writing the entity.
func (b *entityBuilder) writes(f entityForm) {
	b.readOnly(f.ReadOnly)
	b.lists(f.Lists)
	b.moves(f.Moves)
	b.picklists(f.Picklists)
	b.entity.Operations = map[Op]Operation{}
	b.create(f.Operations.Create)
	b.update(f.Operations.Update)
	b.delete(f.Operations.Delete)
	b.reachable()
}

func (b *entityBuilder) readOnly(names []string) {
	b.entity.ReadOnly = names
	b.distinct(names, "read_only")
	for i, name := range names {
		b.mapped(name, "read_only", strconv.Itoa(i))
	}
}

func (b *entityBuilder) lists(style string) {
	b.entity.Lists = cmp.Or(ListStyle(style), ListsReplaced)
}

func (b *entityBuilder) create(f *createForm) {
	if f == nil {
		return
	}
	op := Operation{Required: f.Required}
	b.distinct(f.Required, "operations", "create", "required")
	for i, name := range f.Required {
		b.writable(name, "operations", "create", "required", strconv.Itoa(i))
	}
	b.sending(Create, &op, f.sendingForm, true)
	b.entity.Operations[Create] = op
}

func (b *entityBuilder) update(f *updateForm) {
	if f == nil {
		return
	}
	op := Operation{When: f.When.When, Fresh: f.Fresh, Insists: f.Insists, Except: map[string]When{}}
	b.condition(op.When, "operations", "update", "when")
	for _, name := range sorted(f.Except) {
		when := f.Except[name]
		at := []string{"operations", "update", "except", name}
		op.Except[name] = when.When
		if name == statusField && b.entity.Moves != nil {
			b.wrong("the status is governed by moves", "remove it", at...)
			continue
		}
		b.writable(name, at...)
		b.condition(when.When, at...)
	}
	onlyMoves := op.When.Never && len(op.Except) == 0
	if onlyMoves && b.entity.Moves == nil {
		b.wrong("nothing could be updated", "leave the operation out, or say in except what may be", "operations", "update", "when")
	}
	b.sending(Update, &op, f.sendingForm, !onlyMoves)
	b.entity.Operations[Update] = op
}

func (b *entityBuilder) delete(f *deletionForm) {
	if f == nil {
		return
	}
	at := []string{"operations", "delete"}
	op := Operation{How: f.How, When: f.When.When, Fresh: f.Fresh, Insists: f.Insists}
	b.condition(op.When, "operations", "delete", "when")
	if op.When.Never {
		b.wrong("what never may be done is no operation", "leave the operation out", append(at, "when")...)
	}
	if f.How == HowCancel {
		b.cancelling(f)
	}
	b.sending(Delete, &op, f.sendingForm, f.How == HowDelete)
	b.entity.Operations[Delete] = op
}

// cancelling checks a deletion that is a change of status.
func (b *entityBuilder) cancelling(f *deletionForm) {
	if f.Send.Kind != 0 {
		b.wrong("to cancel is a change of status, and is sent as one", "remove it; moves say how the status is changed", "operations", "delete", "send")
	}
	if f.Bulk != nil {
		b.wrong("to cancel is a change of status, and is sent as one", "remove it", "operations", "delete", "bulk")
	}
	if m := b.entity.Moves; m != nil {
		if !slices.ContainsFunc(m.Rows, func(m Move) bool { return m.To == cancelled }) {
			b.wrong("no move leads to cancelled", "add one to moves", "operations", "delete", "how")
		}
		return
	}
	if !b.entity.statusCanBe(cancelled) {
		b.wrong("the status cannot be set to cancelled", "map a word of the source to cancelled, or declare a move to it", "operations", "delete", "how")
	}
}

// sending takes over how an operation is sent.
func (b *entityBuilder) sending(name Op, op *Operation, f sendingForm, needed bool) {
	at := []string{"operations", string(name)}
	op.Send = b.entityOptions(&f.Send, append(at, "send")...)
	if needed && f.Send.Kind == 0 {
		b.wrong("is missing", "write send: what the driver is to call", append(at, "send")...)
	}
	if f.Bulk != nil {
		op.Bulk = &Bulk{Max: f.Bulk.Max, Atomic: f.Bulk.Atomic, Send: b.entityOptions(&f.Bulk.Send, append(at, "bulk", "send")...)}
		if within := append(slices.Clone(at), "bulk", "max"); f.Bulk.Max < 2 && !b.reportedAt(within...) {
			b.wrong("a call for many takes at least two", "write how many it takes, or leave bulk out", within...)
		}
	}
	op.Ladder = b.ladder(name, f.Reconcile, append(at, "reconcile"))
}

// reachable checks that what is sent by writing the status has a call that writes it.
func (b *entityBuilder) reachable() {
	e := b.entity
	update := e.Operations[Update]
	sends := update.Send.Node != nil
	switch {
	case e.Moves != nil && len(e.Operations) == 0:
		b.wrong("no operation changes the status", "declare update, create, or delete with how: cancel", "moves")
	case e.Moves != nil && e.Moves.byField() && !sends:
		b.wrong("the status is changed by writing the field, and nothing writes it", "declare update with send, or give each move a send of its own", "moves")
	case e.Moves == nil && e.Operations[Delete].How == HowCancel && !sends && !b.reportedAt("operations", "delete", "how"):
		b.wrong("the status is changed by writing the field, and nothing writes it", "declare update with send, or a move to cancelled with a send of its own", "operations", "delete", "how")
	}
}
