package rawjson

import "strconv"

// Value is a value of a record. The zero Value is Missing.
type Value struct {
	index *Index
	at    int32
}

// Kind gives the type.
func (v Value) Kind() Kind {
	if v.index == nil {
		return Missing
	}
	return v.index.nodes[v.at].kind
}

// Raw gives the JSON text, nil when the value is missing.
func (v Value) Raw() []byte {
	if v.index == nil {
		return nil
	}
	n := &v.index.nodes[v.at]
	return v.index.text[n.start:n.end:n.end]
}

// Escaped tells whether the literal of a string holds escapes; one that does not is its own text between quotes.
func (v Value) Escaped() bool { return v.index != nil && v.index.nodes[v.at].escaped }

// Name gives the decoded name of a member.
func (v Value) Name() []byte { return v.index.name(int(v.at)) }

// Len gives the number of members or elements.
func (v Value) Len() int {
	if v.index == nil {
		return 0
	}
	return int(v.index.nodes[v.at].size)
}

// First gives the first member or element.
func (v Value) First() Value {
	if v.Len() == 0 {
		return Value{}
	}
	return Value{v.index, v.at + 1}
}

// Next gives the member or element that follows this one.
func (v Value) Next() Value {
	if v.index == nil || v.index.nodes[v.at].next == 0 {
		return Value{}
	}
	return Value{v.index, v.index.nodes[v.at].next}
}

// Get gives the member of that name, or the element at that position.
func (v Value) Get(name string) Value {
	if v.Kind() == Object {
		for m := v.First(); m.index != nil; m = m.Next() {
			if string(m.index.name(int(m.at))) == name {
				return m
			}
		}
		return Value{}
	}
	position, err := strconv.Atoi(name)
	if err != nil || position < 0 || v.Kind() != Array {
		return Value{}
	}
	e := v.First()
	for ; position > 0; position-- {
		e = e.Next()
	}
	return e
}
