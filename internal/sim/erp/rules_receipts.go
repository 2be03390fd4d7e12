package erp

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// receiptRules: a receipt posts goods to an order that the vendor has. It is final.
type receiptRules struct{}

func (receiptRules) create(w *work, id string, sent []byte) (any, error) {
	r := receipt{ID: id, ReceiptNumber: "GR-" + numberOf(id, 500000), Status: posted, ReceivedAt: w.now(), ReceivedByID: key(0), stamps: stamps{w.now(), w.now()}}
	blank := r
	if err := decode(sent, &r); err != nil {
		return nil, err
	}
	r.ID, r.ReceiptNumber, r.Status, r.stamps = blank.ID, blank.ReceiptNumber, blank.Status, blank.stamps
	at, err := time.Parse(time.RFC3339Nano, r.ReceivedAt)
	if err != nil {
		return nil, unprocessable("invalid_date", "receivedAt must be a time with zone, like 2026-03-01T08:00:00Z.")
	}
	r.ReceivedAt = iso(at.UnixMicro())
	if err := w.refers("receivedById", "users", &blank.ReceivedByID, &r.ReceivedByID); err != nil {
		return nil, err
	}
	return w.post(r)
}

func (receiptRules) update(*work, []byte, []byte) (any, error) { return nil, final() }

func (receiptRules) remove(*work, string, []byte) error { return final() }

func final() error {
	return refusal{http.StatusMethodNotAllowed, "posted", "A receipt is final."}
}

// post books the goods on the order: its lines and its status follow.
func (w *work) post(r receipt) (any, error) {
	t := w.byName["purchase-orders"]
	row := t.row(r.PurchaseOrderID)
	if row == nil {
		return nil, unprocessable("unknown_order", "There is no purchase order "+strconv.Quote(r.PurchaseOrderID)+".")
	}
	var o order
	if err := json.Unmarshal(t.json(row), &o); err != nil {
		return nil, err
	}
	if o.Status != open && o.Status != partial {
		return nil, unprocessable("order_not_open", "Goods arrive only for an order that is OPEN or PARTIAL; this one is "+o.Status+".")
	}
	if r.VendorID != "" && r.VendorID != o.VendorID {
		return nil, unprocessable("wrong_vendor", "The order is with vendor "+o.VendorID+".")
	}
	r.VendorID = o.VendorID
	if r.WarehouseID == "" {
		r.WarehouseID = o.WarehouseID
	}
	if err := w.refers("warehouseId", "warehouses", &o.WarehouseID, &r.WarehouseID); err != nil {
		return nil, err
	}
	if err := w.take(&r, &o); err != nil {
		return nil, err
	}
	o.Status, o.UpdatedAt = o.arrived(), w.now()
	w.put(http.StatusOK, t, entry{ID: o.ID}, w.shape(o))
	return r, nil
}

// take adds each line's quantity to the order's line.
func (w *work) take(r *receipt, o *order) error {
	if len(r.Lines) == 0 {
		return unprocessable("lines_required", "A receipt needs at least one line.")
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		at := slices.IndexFunc(o.Lines, func(of orderLine) bool { return of.LineID == l.OrderLineID })
		if at < 0 {
			return unprocessable("unknown_line", "Order "+o.ID+" has no line "+strconv.Quote(l.OrderLineID)+".")
		}
		if err := l.book(&o.Lines[at]); err != nil {
			return err
		}
		if l.LocationID == "" {
			l.LocationID = key(6)
		}
		l.LineID = "GR" + r.ID + "-" + strconv.Itoa((i+1)*10)
		if err := w.refers("locationId", "locations", nil, &l.LocationID); err != nil {
			return err
		}
	}
	return nil
}

// book takes the line's goods in on the order's line, which may not get more than was ordered.
func (l *receiptLine) book(of *orderLine) error {
	quantity, err := parseFixed(l.Quantity, quantityDigits)
	if err != nil || quantity <= 0 {
		return unprocessable("invalid_quantity", "The quantity must be a decimal above 0, as text, with at most 3 digits after the point.")
	}
	if l.ItemID != "" && l.ItemID != of.ItemID || l.Unit != "" && l.Unit != of.Unit {
		return unprocessable("wrong_item", "Line "+of.LineID+" is item "+of.ItemID+" in "+of.Unit+".")
	}
	ordered, _ := parseFixed(of.Quantity, quantityDigits)
	so, _ := parseFixed(of.ReceivedQty, quantityDigits)
	if so+quantity > ordered {
		return unprocessable("over_received", "Line "+of.LineID+" has "+fixed(ordered-so, quantityDigits)+" still to come.")
	}
	l.ItemID, l.Unit, l.Quantity = of.ItemID, of.Unit, fixed(quantity, quantityDigits)
	of.ReceivedQty = fixed(so+quantity, quantityDigits)
	if of.Status = partial; so+quantity == ordered {
		of.Status = received
	}
	return nil
}

// arrived is the status that an order has by what has arrived.
func (o *order) arrived() string {
	for _, l := range o.Lines {
		ordered, _ := parseFixed(l.Quantity, quantityDigits)
		if so, _ := parseFixed(l.ReceivedQty, quantityDigits); so < ordered {
			return partial
		}
	}
	return received
}
