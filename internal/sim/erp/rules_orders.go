package erp

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// orderRules: lines and vendor are free while an order is a draft or waits for approval, the status moves only along its life, and
// only what nothing followed from may be deleted.
type orderRules struct{}

// moves says which status may follow which.
func moves(from string) []string {
	return map[string][]string{
		draft: {pending, cancelled}, pending: {approved, draft, cancelled}, approved: {open, onHold, cancelled}, onHold: {approved, cancelled},
		open: {partial, received, onHold, cancelled}, partial: {received, closed}, received: {invoiced, closed}, invoiced: {closed},
	}[from]
}

func (orderRules) create(w *work, id string, sent []byte) (any, error) {
	now := w.now()
	o := order{ID: id, OrderNumber: "PO-" + numberOf(id, 100000), Status: draft, CompanyID: "01", WarehouseID: key(0), BuyerID: key(0), OrderDate: now[:10],
		CurrencyCode: "EUR", ExchangeRate: "1.000000", PaymentTerms: "NET30", stamps: stamps{now, now}}
	blank := o
	if err := decode(sent, &o); err != nil {
		return nil, err
	}
	o.keep(blank)
	if o.Status != draft {
		return nil, unprocessable("status_not_allowed", "A new order is a DRAFT.")
	}
	if err := w.checkOrder(&o); err != nil {
		return nil, err
	}
	if err := w.checkHeader(order{}, o); err != nil {
		return nil, err
	}
	o.address(w.gen)
	return w.shape(o), nil
}

// address fills where goods and invoice go, where nobody says: the warehouse and the company.
func (o *order) address(g *generator) {
	house, _ := strconv.Atoi(o.WarehouseID)
	company, _ := strconv.Atoi(o.CompanyID)
	if o.ShipTo == (address{}) {
		o.ShipTo = g.warehouse(house - 1).Address
	}
	if o.BillTo == (address{}) {
		of := g.company(company - 1)
		o.BillTo = of.Address
		o.BillTo.Name = optional(of.Name)
	}
}

func (orderRules) update(w *work, body, sent []byte) (any, error) {
	var old, o order
	if err := json.Unmarshal(body, &old); err != nil {
		return nil, err
	}
	_ = json.Unmarshal(body, &o)
	if replaces(sent, "lines") {
		o.Lines = nil
	}
	if err := decode(sent, &o); err != nil {
		return nil, err
	}
	o.keep(old)
	if err := o.mayFollow(old); err != nil {
		return nil, err
	}
	o.UpdatedAt = w.now()
	if !reflect.DeepEqual(o.Lines, old.Lines) || o.VendorID != old.VendorID {
		if err := w.checkOrder(&o); err != nil {
			return nil, err
		}
	}
	o.stamp(old.Status, w.now())
	return w.shape(o), w.checkHeader(old, o)
}

// keep puts back what only SimERP sets.
func (o *order) keep(old order) {
	o.ID, o.OrderNumber, o.stamps = old.ID, old.OrderNumber, old.stamps
	o.NetAmount, o.TaxAmount, o.GrossAmount = old.NetAmount, old.TaxAmount, old.GrossAmount
	o.ApprovedAt, o.ClosedAt = old.ApprovedAt, old.ClosedAt
}

func (o *order) mayFollow(old order) error {
	free := old.Status == draft || old.Status == pending
	if !free && !reflect.DeepEqual(o.Lines, old.Lines) {
		return unprocessable("lines_locked", "The lines of an order are locked once it is approved; this one is "+old.Status+".")
	}
	if !free && o.VendorID != old.VendorID {
		return unprocessable("vendor_locked", "The vendor of an order is fixed once it is approved; this one is "+old.Status+".")
	}
	if still := o.but(old); (old.Status == closed || old.Status == cancelled) && !reflect.DeepEqual(still, old) {
		return unprocessable("order_closed", "Nothing but the note of an order changes once it is "+old.Status+".")
	}
	if o.Status != old.Status && !slices.Contains(moves(old.Status), o.Status) {
		return unprocessable("status_not_allowed", "An order cannot go from "+old.Status+" to "+strconv.Quote(o.Status)+".")
	}
	return nil
}

// but is the order with what may change at any time as it was.
func (o *order) but(old order) order {
	still := *o
	still.Note, still.ExternalRef, still.Status = old.Note, old.ExternalRef, old.Status
	return still
}

const longestRef = 64

// checkHeader checks what a person set in the header.
func (w *work) checkHeader(old, o order) error {
	if o.ExternalRef != nil && len(*o.ExternalRef) > longestRef {
		return unprocessable("invalid_reference", "externalRef has at most "+strconv.Itoa(longestRef)+" characters.")
	}
	if _, err := parseFixed(o.ExchangeRate, rateDigits); err != nil && o.ExchangeRate != old.ExchangeRate {
		return unprocessable("invalid_rate", "exchangeRate: "+err.Error()+".")
	}
	return w.check(onDay("orderDate", nil, &o.OrderDate), onDay("requiredDate", old.RequiredDate, o.RequiredDate), onDay("expectedDate", old.ExpectedDate, o.ExpectedDate),
		listed("currencyCode", old.CurrencyCode, o.CurrencyCode, w.currency), listed("paymentTerms", old.PaymentTerms, o.PaymentTerms, knownTerms),
		w.refers("companyId", "companies", &old.CompanyID, &o.CompanyID), w.refers("warehouseId", "warehouses", &old.WarehouseID, &o.WarehouseID),
		w.refers("buyerId", "users", &old.BuyerID, &o.BuyerID), w.refers("requesterId", "users", old.RequesterID, o.RequesterID),
		w.refers("approverId", "users", old.ApproverID, o.ApproverID))
}

// stamp notes when an order was approved and closed; its lines follow, but for those of an order of which some has arrived.
func (o *order) stamp(before, now string) {
	if o.Status == before {
		return
	}
	for i := range o.Lines {
		if o.Status != partial {
			o.Lines[i].Status = o.Status
		}
	}
	switch o.Status {
	case approved:
		o.ApprovedAt = &now
	case closed, cancelled:
		o.ClosedAt = &now
	}
}

// checkOrder checks vendor and lines, numbers the lines and computes all amounts.
func (w *work) checkOrder(o *order) error {
	if !w.has("vendors", o.VendorID) {
		return unprocessable("unknown_vendor", "There is no vendor "+strconv.Quote(o.VendorID)+".")
	}
	if len(o.Lines) == 0 {
		return unprocessable("lines_required", "An order needs at least one line.")
	}
	n, _ := strconv.Atoi(o.VendorID)
	return w.checkLines(o, o.taxed(w.gen, n-1))
}

func (w *work) checkLines(o *order, taxed bool) error {
	seen := map[string]bool{}
	for i := range o.Lines {
		if err := w.checkLine(o, &o.Lines[i], i); err != nil {
			return err
		}
		if seen[o.Lines[i].LineID] {
			return unprocessable("duplicate_line", "Two lines have the key "+strconv.Quote(o.Lines[i].LineID)+".")
		}
		seen[o.Lines[i].LineID] = true
		o.Lines[i].amount(taxed)
	}
	o.total()
	return nil
}

func (w *work) checkLine(o *order, l *orderLine, i int) error {
	bad := func(code, message string) error {
		return unprocessable(code, "Line "+strconv.Itoa(i+1)+": "+message+".")
	}
	if !w.has("items", l.ItemID) {
		return bad("unknown_item", "there is no item "+strconv.Quote(l.ItemID))
	}
	l.defaults(o, w.itemOf(l.ItemID), i)
	if q, err := parseFixed(l.Quantity, quantityDigits); err != nil || q <= 0 {
		return bad("invalid_quantity", "the quantity must be a decimal above 0, as text, with at most 3 digits after the point")
	}
	if p, err := parseFixed(l.UnitPrice, priceDigits); err != nil || p < 0 {
		return bad("invalid_price", "the price must be a decimal, as text, with at most 4 digits after the point")
	}
	if d, err := parseFixed(l.DiscountPct, 2); err != nil || d < 0 || d > 10000 {
		return bad("invalid_discount", "the discount must be from 0 to 100")
	}
	if l.WarehouseID == "" { // a requisition's
		return nil
	}
	return w.check(w.refers("warehouseId", "warehouses", nil, &l.WarehouseID), w.refers("locationId", "locations", nil, l.LocationID), w.refers("accountId", "accounts", nil, l.AccountID),
		onDay("requiredDate", nil, l.RequiredDate), onDay("expectedDate", nil, l.ExpectedDate))
}

// defaults fills what a person may leave out, from the item and the header.
func (l *orderLine) defaults(o *order, it item, i int) {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	l.LineNo = (i + 1) * 10
	set(&l.LineID, o.freeLineID())
	set(&l.Text, it.Name)
	set(&l.Unit, it.BaseUnit)
	set(&l.UnitPrice, it.StandardCost)
	set(&l.DiscountPct, "0.00")
	set(&l.WarehouseID, o.WarehouseID)
	l.ReceivedQty, l.InvoicedQty, l.Status = fixed(0, quantityDigits), fixed(0, quantityDigits), o.Status
}

// freeLineID is the key of a new line: behind all others.
func (o *order) freeLineID() string {
	highest := 0
	for _, l := range o.Lines {
		n, _ := strconv.Atoi(strings.TrimPrefix(l.LineID, o.ID+"-"))
		highest = max(highest, n)
	}
	return o.ID + "-" + strconv.Itoa(highest+10)
}

func (s *Server) itemOf(id string) item {
	t := s.byName["items"]
	var it item
	_ = json.Unmarshal(t.json(t.byID[id]), &it)
	return it
}

// shape gives the order in the form in which this SimERP keeps orders.
func (s *Server) shape(o order) any {
	if s.opts.Lean {
		return o.lean()
	}
	return o
}

func (orderRules) remove(_ *work, _ string, body []byte) error {
	var o order
	if err := json.Unmarshal(body, &o); err != nil {
		return err
	}
	switch o.Status {
	case draft, pending, cancelled:
		return nil
	case partial, received, invoiced, closed:
		return unprocessable("order_received", "Goods have been received for this order; it cannot be deleted.")
	}
	return unprocessable("order_active", "Cancel the order before deleting it; it is "+o.Status+".")
}
