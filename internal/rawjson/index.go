package rawjson

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Kind is the type of a JSON value.
type Kind uint8

// The kinds. Missing is what looking up something that is not there gives.
const (
	Missing Kind = iota
	Null
	False
	True
	Number
	String
	Array
	Object
)

// Index finds the values of one record quickly after reading it once. It is meant to be used again for the next record,
// which ends the life of the values of the last.
type Index struct {
	text  []byte
	nodes []node
	names []byte // member names that hold escapes, decoded
	twice []byte // a name that occurs twice in one object
}

// node is a value; the values within it follow it directly.
type node struct {
	name, nameEnd int32 // in text, or in names
	start, end    int32 // in text
	next          int32 // the following sibling, 0 for the last
	size          int32 // Array, Object: how many elements
	kind          Kind
	escaped       bool // String: the literal holds escapes
	decoded       bool // the name is in names
}

// Parse reads a record: grammar, depth, UTF-8, and no member name twice in one object. Errors wrap ErrSyntax.
func (x *Index) Parse(doc []byte) (Value, error) {
	x.text, x.nodes, x.names, x.twice = doc, x.nodes[:0], x.names[:0], nil
	if !utf8.Valid(doc) {
		return Value{}, fmt.Errorf("%w: not UTF-8", ErrSyntax)
	}
	i := x.value(skipSpace(doc, 0), MaxDepth)
	if x.twice != nil {
		return Value{}, fmt.Errorf("%w: the member %q occurs twice", ErrSyntax, x.twice)
	}
	return Value{x, 0}, ended(doc, i)
}

// value appends the value at i, and all within it.
func (x *Index) value(i, room int) int {
	if i >= len(x.text) {
		return ^i
	}
	at := len(x.nodes)
	x.nodes = append(x.nodes, node{start: int32(i), kind: kindOf(x.text[i])})
	end := x.content(i, at, room)
	x.nodes[at].end = int32(end)
	return end
}

func (x *Index) content(i, at, room int) int {
	switch x.nodes[at].kind {
	case Object:
		return x.members(i, at, room)
	case Array:
		return x.elements(i, at, room)
	case String:
		end := skipString(x.text, i)
		x.nodes[at].escaped = end > 0 && bytes.IndexByte(x.text[i:end], '\\') > 0
		return end
	}
	return skipValue(x.text, i, 0)
}

func kindOf(c byte) Kind {
	switch c {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't':
		return True
	case 'f':
		return False
	case 'n':
		return Null
	}
	return Number
}

func (x *Index) elements(i, parent, room int) int {
	if room == 0 {
		return ^i
	}
	i = skipSpace(x.text, i+1)
	if is(x.text, i, ']') {
		return i + 1
	}
	for last, end := 0, false; !end && i >= 0; {
		last = x.follow(parent, last)
		if i = x.value(i, room-1); i >= 0 {
			i, end = skipComma(x.text, i, ']')
		}
	}
	return i
}

// follow makes the node that is appended next a child, behind the child that came last.
func (x *Index) follow(parent, last int) int {
	if last != 0 {
		x.nodes[last].next = int32(len(x.nodes))
	}
	x.nodes[parent].size++
	return len(x.nodes)
}

func (x *Index) members(i, parent, room int) int {
	if room == 0 {
		return ^i
	}
	i = skipSpace(x.text, i+1)
	if is(x.text, i, '}') {
		return i + 1
	}
	var names nameSet
	for last, end := 0, false; !end && i >= 0; {
		last = x.follow(parent, last)
		if i = x.member(i, room); i >= 0 {
			if names.clash(x, parent, last) {
				return ^i
			}
			i, end = skipComma(x.text, i, '}')
		}
	}
	names.clashes(x, parent)
	return i
}

// member appends a value with its name.
func (x *Index) member(i, room int) int {
	if !is(x.text, i, '"') {
		return ^i
	}
	end := skipString(x.text, i)
	if end < 0 {
		return end
	}
	value, at := skipColon(x.text, end), len(x.nodes)
	if value < 0 {
		return value
	}
	after := x.value(value, room-1)
	if after >= 0 && !x.named(at, i, end) {
		return ^i
	}
	return after
}

// named notes the name of a member, given its literal; one that holds escapes is decoded.
func (x *Index) named(at, start, end int) bool {
	n := &x.nodes[at]
	if bytes.IndexByte(x.text[start:end], '\\') < 0 {
		n.name, n.nameEnd = int32(start+1), int32(end-1)
		return true
	}
	first := len(x.names)
	var err error
	x.names, err = Unquote(x.names, x.text[start:end])
	n.name, n.nameEnd, n.decoded = int32(first), int32(len(x.names)), true
	return err == nil
}

func (x *Index) name(at int) []byte {
	n := &x.nodes[at]
	if n.decoded {
		return x.names[n.name:n.nameEnd]
	}
	return x.text[n.name:n.nameEnd]
}

// Release forgets the record, so that keeping the index does not keep the record.
func (x *Index) Release() { x.text, x.twice = nil, nil }
