package manifest

import (
	"slices"
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/model"
)

const (
	defaultWindow = 24 * time.Hour
	defaultSettle = 30 * time.Second
)

// rungKeys are the keys that a rung of a class has for an operation, nil when the class does not apply to it; those that it needs come first.
func rungKeys(op Op, class Class) (needed, others []string) {
	switch {
	case class == W1:
		return []string{}, []string{"window"}
	case class == W2 && op == Create:
		return []string{"key", "find"}, []string{"settle"}
	case class == W2:
		return []string{}, []string{"settle"}
	case class == W3 && op == Create:
		return []string{"member", "find"}, []string{"settle"}
	case class == W4 && op == Create:
		return []string{"match", "find"}, []string{"settle"}
	}
	return nil, nil
}

func (f rungForm) keys() []string {
	var given []string
	for _, k := range []struct {
		name  string
		given bool
	}{
		{"window", f.Window != nil}, {"key", f.Key != ""}, {"member", len(f.Member) > 0}, {"match", f.Match != nil},
		{"settle", f.Settle != nil}, {"find", f.Find.Kind != 0},
	} {
		if k.given {
			given = append(given, k.name)
		}
	}
	return given
}

// ladder reads how an unknown outcome is found out.
func (b *entityBuilder) ladder(op Op, forms []rungForm, at []string) []Rung {
	var rungs []Rung
	for i, f := range forms {
		within := append(slices.Clone(at), strconv.Itoa(i))
		if !b.class(op, f, within) {
			continue
		}
		r := b.rung(op, f, within)
		if len(rungs) > 0 && rungs[len(rungs)-1].Class >= r.Class {
			b.wrong(string(r.Class)+" stands behind "+string(rungs[len(rungs)-1].Class), "write each class once, the surest (W1) first", append(within, "class")...)
		}
		rungs = append(rungs, r)
	}
	return rungs
}

// class checks that a rung's class is one, and one for this operation.
func (b *entityBuilder) class(op Op, f rungForm, at []string) bool {
	within := append(slices.Clone(at), "class")
	needed, _ := rungKeys(op, Class(f.Class))
	switch {
	case b.reportedAt(within...):
	case f.Class == string(W5):
		b.wrong("W5 is what is left where nothing else is declared", "remove it", within...)
	case needed == nil:
		b.wrong(f.Class+" is for create only", "write W2: "+string(op)+" is found out by the record's own id", within...)
	default:
		return true
	}
	return false
}

func (b *entityBuilder) rung(op Op, f rungForm, at []string) Rung {
	in := func(key string) []string { return append(slices.Clone(at), key) }
	class := Class(f.Class)
	needed, others := rungKeys(op, class)
	for _, key := range needed {
		if !slices.Contains(f.keys(), key) && !b.reportedAt(in(key)...) {
			b.wrong("is missing", string(class)+" needs "+key, in(key)...)
		}
	}
	for _, key := range f.keys() {
		if known := append(slices.Clone(needed), others...); !slices.Contains(known, key) {
			b.wrong("does not belong to "+string(class)+" of "+string(op), suggest(key, known), in(key)...)
		}
	}
	r := Rung{Class: class, Key: f.Key, Member: f.Member, Match: f.Match, Find: b.entityOptions(&f.Find, in("find")...), Pos: b.place(at...)}
	switch class {
	case W1:
		r.Window = b.span(f.Window, defaultWindow, time.Second, in("window"))
	default:
		r.Settle = b.span(f.Settle, defaultSettle, 0, in("settle"))
	}
	b.evidenceOf(r, in)
	return r
}

// evidenceOf checks the fields and members by which an effect is recognised.
func (b *entityBuilder) evidenceOf(r Rung, in func(string) []string) {
	if r.Key != "" {
		b.key(r.Key, in("key"))
	}
	if len(r.Member) > 0 {
		b.mark(r.Member, in("member"))
	}
	b.distinct(r.Match, in("match")...)
	for i, name := range r.Match {
		b.writable(name, append(in("match"), strconv.Itoa(i))...)
	}
	if r.Match != nil && len(r.Match) == 0 {
		b.wrong("compares nothing", "write the fields that tell one record from another", in("match")...)
	}
}

// key checks the field that is a unique key: where a caller gives none, it takes our mark.
func (b *entityBuilder) key(name string, at []string) {
	if !b.writable(name, at...) {
		return
	}
	if f := b.entity.Model.Field(name); f == nil || f.Kind != model.String || len(f.Values) > 0 {
		b.wrong(name+" does not take any text", "write a field of kind string that is the record's own, such as number", at...)
	}
}

// mark checks the member that carries our mark: nothing else may write it.
func (b *entityBuilder) mark(member Path, at []string) {
	if !member.Settable() {
		b.wrong(member.String()+" is not one place of the record", "write a path through objects only", at...)
		return
	}
	for _, m := range b.entity.Fields {
		if b.entity.Takes(m.Field.Name) && m.writes(member) {
			b.wrong(member.String()+" is written by the field "+m.Field.Name, "name a member that nobody else fills, or make the field read_only", at...)
		}
	}
}

// writes tells whether writing the field touches the member.
func (m *FieldMap) writes(member Path) bool {
	paths := slices.Clone(m.From)
	for _, p := range m.Parts {
		paths = append(paths, p.From...)
	}
	if m.Field.Kind == model.Object {
		for _, inner := range m.Fields {
			paths = append(paths, inner.From...)
		}
	}
	return slices.ContainsFunc(paths, func(p Path) bool {
		n := min(len(p), len(member))
		return slices.Equal(p[:n], member[:n])
	})
}

func (b *entityBuilder) span(given *time.Duration, otherwise, least time.Duration, at []string) time.Duration {
	if given == nil {
		return otherwise
	}
	if *given < least {
		b.wrong("is too short", "write "+least.String()+" or more", at...)
	}
	return *given
}
