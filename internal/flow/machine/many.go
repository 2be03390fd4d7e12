package machine

import (
	"encoding/json"
	"fmt"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/problem"
)

// Many is how far a get or find for each of a list has come.
type Many struct {
	Of   int               `json:"of"`   // elements of the list
	Done []json.RawMessage `json:"done"` // the records of the first ones, null for an element that is null
}

// look tells what a get or find looks for. Where a value is a list, each element is looked for in turn, the first that is not done yet now: the result is a list of the same length and order.
func (w *walk) look(e Effect, members []lang.Member) (Effect, error) {
	values := make([]any, len(members))
	of, many := 0, false
	for i, m := range members {
		var err error
		if values[i], err = m.Value.Eval(w.names()); err != nil {
			return e, err
		}
		list, ok := values[i].([]any)
		if ok && many && len(list) != of {
			return e, &lang.EvalError{Path: m.Value.Path, Line: m.Value.Line, Detail: fmt.Sprintf("is a list of %d, and another of this step's is one of %d", len(list), of)}
		}
		if ok {
			of, many = len(list), true
		}
	}
	if many {
		if w.Many == nil {
			w.Many = &Many{Of: of}
		}
		w.Many.pass(values)
	}
	e.By = make([]Field, 0, len(members))
	for i, m := range members {
		v := values[i]
		if list, ok := v.([]any); ok {
			if w.Many.all() {
				return e, nil
			}
			v = list[len(w.Many.Done)]
		}
		text, err := textOf(m.Value, v)
		if err != nil {
			return e, err
		}
		e.By = append(e.By, Field{m.Name, text})
	}
	return e, nil
}

// pass gives elements that are null their result: null.
func (m *Many) pass(values []any) {
	for !m.all() {
		null := false
		for _, v := range values {
			if list, ok := v.([]any); ok && list[len(m.Done)] == nil {
				null = true
			}
		}
		if !null {
			return
		}
		m.Done = append(m.Done, json.RawMessage("null"))
	}
}

func (m *Many) all() bool { return m != nil && len(m.Done) == m.Of }

// result is the list of what was found.
func (m *Many) result() json.RawMessage {
	if m.Of == 0 {
		return json.RawMessage("[]")
	}
	text, err := json.Marshal(m.Done)
	if err != nil {
		panic(fmt.Sprintf("write records that were read: %v", err))
	}
	return text
}

// found takes the record of one element; whole: it was the last, or there is but one to look for.
func (w *walk) found(record json.RawMessage) (result json.RawMessage, whole bool, failure *problem.Error) {
	if w.Many == nil {
		return record, true, nil
	}
	if record == nil {
		record = json.RawMessage("null")
	}
	w.Many.Done = append(w.Many.Done, record)
	size := 0
	for _, r := range w.Many.Done {
		size += len(r)
	}
	if size > MaxValue {
		return nil, false, problem.Newf(problem.ExpressionFailed, "The records of the list are longer than %d bytes together.", MaxValue)
	}
	if !w.Many.all() {
		return nil, false, nil
	}
	return w.Many.result(), true, nil
}
