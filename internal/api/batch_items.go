package api

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/busbar-dev/busbar/internal/problem"
)

// itemTaker takes the text of an item, and what is wrong with it beyond its syntax. An error ends the reading.
type itemTaker func(text []byte, fault error) error

// lineItems reads an item from each line; empty lines are left out.
func (b *batchBody) lineItems(take itemTaker) error {
	for line := 1; ; line++ {
		text, err := b.line()
		if err != nil && (err != io.EOF || len(text) == 0) {
			if err == io.EOF {
				return nil
			}
			return atLine(line, broken(err))
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		fault := wellFormed(text)
		if fault != nil && problemOf(fault).Code == problem.MalformedRequest {
			return atLine(line, fault)
		}
		if err := take(text, fault); err != nil {
			return err
		}
	}
}

// line reads up to the end of a line, which may be the end of the body.
func (b *batchBody) line() (text []byte, err error) {
	b.bound.mark = b.bound.read - int64(b.lines.Buffered())
	for {
		piece, err := b.lines.ReadSlice('\n')
		if text = append(text, piece...); !errors.Is(err, bufio.ErrBufferFull) {
			return text, err
		}
	}
}

// atLine adds to a problem on which line it is.
func atLine(line int, err error) error {
	p := *problemOf(err)
	p.Detail = fmt.Sprintf("Line %d: %s Nothing of the batch was kept.", line, p.Detail)
	return &p
}

// head reads the members of a JSON body up to its items.
func (b *batchBody) head() error {
	token, err := b.json.ReadToken()
	if err != nil {
		return b.syntax(err)
	}
	if token.Kind() != '{' {
		return problem.New(problem.ValidationFailed, `A batch is a JSON object: {"items": [{"op": "create", "data": {…}}]}.`).At("", problem.Invalid, "An object is wanted.")
	}
	return b.members()
}

// members reads members of the object until the items begin, or the object and with it the body ends.
func (b *batchBody) members() error {
	for {
		b.bound.mark = b.json.InputOffset()
		token, err := b.json.ReadToken()
		switch {
		case err != nil:
			return b.syntax(err)
		case token.Kind() == '}':
			return b.end()
		case token.String() == "items":
			return b.list()
		}
		name := token.String()
		value, err := b.json.ReadValue()
		if err != nil {
			return b.syntax(err)
		}
		if err := b.options.set(name, value); err != nil {
			return err
		}
	}
}

func (b *batchBody) list() error {
	token, err := b.json.ReadToken()
	if err != nil {
		return b.syntax(err)
	}
	if token.Kind() != '[' {
		return problem.New(problem.ValidationFailed, "items is a list.").At("/items", problem.Invalid, "A list of items is wanted.")
	}
	b.begun = true
	return nil
}

// end checks that nothing follows the object.
func (b *batchBody) end() error {
	_, err := b.json.ReadToken()
	switch {
	case err == io.EOF:
		return nil
	case err != nil:
		return b.syntax(err)
	}
	return problem.New(problem.MalformedRequest, "The body holds more than one JSON value. Send one.")
}

// jsonItems reads the items, and what follows them.
func (b *batchBody) jsonItems(take itemTaker) error {
	for b.more() {
		value, err := b.json.ReadValue()
		if err != nil {
			return b.syntax(err)
		}
		fault := wellFormed(value)
		if fault != nil && problemOf(fault).Code == problem.MalformedRequest {
			return atItem(b.count, fault)
		}
		if err := take(value, fault); err != nil {
			return err
		}
	}
	if !b.begun {
		return nil
	}
	if _, err := b.json.ReadToken(); err != nil {
		return b.syntax(err)
	}
	b.begun = false
	return b.members()
}

// more tells whether another item follows.
func (b *batchBody) more() bool {
	b.bound.mark = b.json.InputOffset()
	return b.begun && b.json.PeekKind() != ']'
}

// atItem adds to a problem of which item it is.
func atItem(n int, err error) error {
	p := *problemOf(err)
	p.Detail = fmt.Sprintf("Item %d: %s Nothing of the batch was kept.", n, p.Detail)
	return &p
}

// syntax says where the body stops being JSON, or why it could not be read.
func (b *batchBody) syntax(err error) error {
	var at *jsontext.SyntacticError
	switch {
	case errors.Is(err, errItemTooLarge), errors.Is(err, os.ErrDeadlineExceeded):
		return broken(err)
	case !errors.As(err, &at) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF):
		return broken(err)
	case b.json.InputOffset() == 0 && errors.Is(err, io.EOF):
		return problem.New(problem.MalformedRequest, "This request needs a JSON body.")
	}
	p := *problemOf(syntaxProblem(err))
	p.Detail = "After " + strconv.Itoa(b.count) + " items: " + p.Detail + " Nothing of the batch was kept."
	return &p
}
