package erp

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
)

// requisitionRules: lines are free while a requisition is a draft or waits for approval; nothing is ever deleted.
type requisitionRules struct{}

// requested says which status of a requisition may follow which.
func requested(from string) []string {
	return map[string][]string{draft: {pending}, pending: {approved, rejected, draft}, approved: {converted}}[from]
}

func (requisitionRules) create(w *work, id string, sent []byte) (any, error) {
	q := requisition{ID: id, Number: "PR-" + numberOf(id, 60000), Status: draft, RequesterID: key(0), RequestDate: w.now()[:10], CurrencyCode: "EUR", stamps: stamps{w.now(), w.now()}}
	blank := q
	if err := decode(sent, &q); err != nil {
		return nil, err
	}
	if q.Status != draft {
		return nil, unprocessable("status_not_allowed", "A new requisition is a DRAFT.")
	}
	return q.checked(w, blank)
}

func (requisitionRules) update(w *work, body, sent []byte) (any, error) {
	var old, q requisition
	if err := json.Unmarshal(body, &old); err != nil {
		return nil, err
	}
	_ = json.Unmarshal(body, &q)
	if replaces(sent, "lines") {
		q.Lines = nil
	}
	if err := decode(sent, &q); err != nil {
		return nil, err
	}
	free := old.Status == draft || old.Status == pending
	if !free && !reflect.DeepEqual(q.Lines, old.Lines) {
		return nil, unprocessable("lines_locked", "The lines of a requisition are locked once it is approved; this one is "+old.Status+".")
	}
	if q.Status != old.Status && !slices.Contains(requested(old.Status), q.Status) {
		return nil, unprocessable("status_not_allowed", "A requisition cannot go from "+old.Status+" to "+strconv.Quote(q.Status)+".")
	}
	old.UpdatedAt = w.now()
	return q.checked(w, old)
}

func (requisitionRules) remove(*work, string, []byte) error {
	return refusal{http.StatusMethodNotAllowed, "not_deletable", "Requisitions stay; reject them instead."}
}

// checked puts back what only SimERP sets, and checks and counts the rest.
func (q requisition) checked(w *work, old requisition) (any, error) {
	q.ID, q.Number, q.NetAmount, q.stamps = old.ID, old.Number, old.NetAmount, old.stamps
	if err := w.check(w.refers("requesterId", "users", &old.RequesterID, &q.RequesterID), onDay("requestDate", &old.RequestDate, &q.RequestDate),
		onDay("requiredDate", old.RequiredDate, q.RequiredDate), listed("currencyCode", old.CurrencyCode, q.CurrencyCode, w.currency)); err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(q.Lines, old.Lines) || len(q.Lines) == 0 {
		return q, w.checkRequested(&q)
	}
	return q, nil
}

// checkRequested checks and numbers the lines, and computes all amounts.
func (w *work) checkRequested(q *requisition) error {
	if len(q.Lines) == 0 {
		return unprocessable("lines_required", "A requisition needs at least one line.")
	}
	o := order{ID: q.ID, Status: q.Status, Lines: make([]orderLine, len(q.Lines))}
	for i, l := range q.Lines {
		o.Lines[i] = orderLine{LineID: l.LineID, ItemID: l.ItemID, Text: l.Text, Quantity: l.Quantity, Unit: l.Unit, UnitPrice: l.UnitPrice, RequiredDate: l.RequiredDate}
	}
	if err := w.checkLines(&o, false); err != nil {
		return err
	}
	for i, l := range o.Lines {
		q.Lines[i] = requisitionLine{l.LineID, l.LineNo, l.ItemID, l.Text, l.Quantity, l.Unit, l.UnitPrice, l.LineAmount, l.RequiredDate}
	}
	q.NetAmount = o.NetAmount
	return nil
}
