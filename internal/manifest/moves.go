package manifest

import (
	"slices"
	"strconv"

	"github.com/busbar-dev/busbar/model"
)

// statusField is the field that conditions and moves speak of.
const statusField = "status"

// Ways to delete.
const (
	HowDelete = "delete"
	HowCancel = "cancel"
)

// StatusWords are the words that the status of this entity can have on this system, in the model's order; other is among them where the source has words of its own.
func (e *Entity) StatusWords() []string {
	m := e.Field(statusField)
	if m == nil || m.Field.Kind != model.Enum {
		return nil
	}
	words := m.words()
	if m.Const == "" && !slices.Contains(words, "other") {
		words = append(words, "other")
	}
	return words
}

// statusCanBe tells whether the status can be set to a word by writing the field.
func (e *Entity) statusCanBe(word string) bool {
	return e.Takes(statusField) && slices.Contains(e.Field(statusField).words(), word)
}

// condition checks the words of a condition.
func (b *entityBuilder) condition(w When, at ...string) {
	if w.Status == nil {
		return
	}
	if len(w.Status) == 0 {
		b.wrong("names no status", "write never, or the words", append(slices.Clone(at), "status")...)
	}
	b.words(w.Status, append(slices.Clone(at), "status")...)
}

// words checks words of the status.
func (b *entityBuilder) words(words []string, at ...string) {
	known := b.entity.StatusWords()
	if known == nil {
		if !b.reportedAt("fields") {
			b.wrong("this entity maps no status", "map the field status, or remove it", at...)
		}
		return
	}
	b.distinct(words, at...)
	for i, w := range words {
		if !slices.Contains(known, w) && !b.reportedAt("fields", statusField) {
			b.wrong("the status cannot be "+strconv.Quote(w)+" on this system", suggest(w, known), append(slices.Clone(at), strconv.Itoa(i))...)
		}
	}
}

// byField tells whether any of the moves is made by writing the field.
func (m *Moves) byField() bool {
	return slices.ContainsFunc(m.Rows, func(m Move) bool { return m.Send.Node == nil })
}

// begins lists where the moves to a word begin.
func (m *Moves) begins(to string) []string {
	var out []string
	for _, row := range m.Rows {
		if row.To == to {
			out = append(out, row.From...)
		}
	}
	return out
}

// moves reads the changes of status that a record may go through.
func (b *entityBuilder) moves(forms []moveForm) {
	if forms == nil {
		return
	}
	b.entity.Moves = &Moves{Field: statusField}
	if len(forms) == 0 {
		b.wrong("has no move", "write at least one, or leave moves out", "moves")
	}
	seen := map[[2]string]bool{}
	for i, f := range forms {
		at := []string{"moves", strconv.Itoa(i)}
		m := Move{From: f.From, To: f.To, Send: b.entityOptions(&f.Send, append(at, "send")...), Pos: b.place(at...)}
		b.move(m, at)
		for _, from := range f.From {
			if seen[[2]string{from, f.To}] {
				b.wrong("the move from "+from+" to "+f.To+" is written twice", "keep one", at...)
			}
			seen[[2]string{from, f.To}] = true
		}
		b.entity.Moves.Rows = append(b.entity.Moves.Rows, m)
	}
}

func (b *entityBuilder) move(m Move, at []string) {
	from, to := append(slices.Clone(at), "from"), append(slices.Clone(at), "to")
	b.words(m.From, from...)
	if len(m.From) == 0 && !b.reportedAt(from...) {
		b.wrong("leads from nowhere", "write the words from which it leads", from...)
	}
	status := b.entity.Field(statusField)
	switch {
	case status == nil || b.reportedAt("fields", statusField) || m.To == "":
	case !slices.Contains(status.words(), m.To):
		b.wrong("the status cannot be "+strconv.Quote(m.To)+" on this system", suggest(m.To, status.words()), to...)
	case slices.Contains(m.From, m.To):
		b.wrong("leads to where it comes from", "remove "+m.To+" from one of the two", to...)
	case m.Send.Node == nil && !b.entity.Takes(statusField):
		b.wrong("the status cannot be written", "give the move a send of its own, or map the status from a path that can be written and is not read_only", at...)
	}
}
