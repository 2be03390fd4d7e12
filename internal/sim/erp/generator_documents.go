package erp

import (
	"strconv"
	"strings"
)

// followUp gives the places of the orders whose status says that a document followed from them.
func (g *generator) followUp(statuses ...string) []int {
	var places []int
	for i := range g.counts.Orders {
		s := g.head(i).status
		for _, want := range statuses {
			if s == want {
				places = append(places, i)
			}
		}
	}
	return places
}

func (g *generator) receiptTimes(i int) (created, updated int64) {
	h := g.head(i)
	return h.created + (h.updated-h.created)/2, h.updated
}

// receipt is what arrived for order i.
func (g *generator) receipt(i int) receipt {
	created, updated := g.receiptTimes(i)
	d := g.draw(forReceipt, i)
	o := g.order(i)
	r := receipt{ID: orderID(i), ReceiptNumber: "GR-" + strconv.Itoa(500001+i), PurchaseOrderID: o.ID, VendorID: o.VendorID, WarehouseID: o.WarehouseID,
		Status: posted, ReceivedAt: iso(created), ReceivedByID: g.userID(d), Lines: []receiptLine{}, stamps: stamps{iso(created), iso(updated)}}
	if d.chance(2) {
		r.Status = reversed
	}
	house, _ := strconv.Atoi(o.WarehouseID)
	for _, l := range o.Lines {
		if strings.Trim(l.ReceivedQty, "0.") == "" {
			continue
		}
		r.Lines = append(r.Lines, receiptLine{LineID: "GR" + l.LineID, OrderLineID: l.LineID, ItemID: l.ItemID, Quantity: l.ReceivedQty, Unit: l.Unit,
			LocationID: key((house-1)*len(places()) + 6), Lot: d.maybe(30, d.digits("L######"))})
	}
	return r
}

func (g *generator) invoiceTimes(i int) (created, updated int64) {
	h := g.head(i)
	return h.created + (h.updated-h.created)*2/3, h.updated
}

// payable is the vendor's invoice for order i.
func (g *generator) payable(i int) invoice {
	created, updated := g.invoiceTimes(i)
	d := g.draw(forInvoice, i)
	o := g.order(i)
	inv := invoice{ID: "1" + orderID(i), InvoiceNumber: d.digits("RE-####/") + strconv.Itoa(i), Direction: "AP", VendorID: &o.VendorID, PurchaseOrderID: &o.ID,
		InvoiceDate: date(created), DueDate: dayAfter(created, 30), CurrencyCode: o.CurrencyCode, NetAmount: o.NetAmount, TaxAmount: o.TaxAmount,
		GrossAmount: o.GrossAmount, stamps: stamps{iso(created), iso(updated)}}
	for _, l := range o.Lines {
		inv.Lines = append(inv.Lines, invoiceLine{"IN" + l.LineID, l.LineNo, &l.LineID, l.ItemID, l.Text, l.Quantity, l.Unit, l.UnitPrice, l.DiscountPct, l.TaxAmount, l.LineAmount, l.AccountID})
	}
	inv.pay(d, o.Status == closed)
	return inv
}

// pay sets how much is still open.
func (inv *invoice) pay(d draw, done bool) {
	gross, _ := parseFixed(inv.GrossAmount, moneyDigits)
	switch n := d.IntN(100); {
	case done:
		inv.Status, gross = paid, 0
	case n < 2:
		inv.Status, gross = cancelled, 0
	case n < 30:
		inv.Status, gross = partlyPaid, gross-gross/3
	default:
		inv.Status = open
	}
	inv.OpenAmount = fixed(gross, moneyDigits)
}

// salesTimes places sales order i in time.
func (g *generator) salesTimes(i int) (created, updated int64) {
	step := orderSpan / int64(g.counts.SalesOrders)
	d := g.draw(forSalesOrder+1000, i)
	age := orderSpan - int64(i)*step - d.Int64N(step)
	return g.base - age, g.base - age + d.Int64N(max(1, min(age, 20*day)))
}

func (g *generator) salesOrder(i int) salesOrder {
	created, updated := g.salesTimes(i)
	d := g.draw(forSalesOrder, i)
	n := d.IntN(g.counts.Customers)
	c := g.customer(n)
	o := salesOrder{ID: orderID(i), OrderNumber: "SO-" + strconv.Itoa(300001+i), CustomerID: c.ID, OrderDate: date(created),
		RequestedDate: d.maybe(85, dayAfter(created, 7+d.IntN(30))), CurrencyCode: "EUR", ShipTo: c.Address, BillTo: c.Address,
		Status: pick(d, []string{confirmed, partial, shipped, shipped, closed, closed, cancelled}), stamps: stamps{iso(created), iso(updated)}}
	if g.base-created < 2*day {
		o.Status = draft
	}
	o.ShipTo.Name, o.BillTo.Name = optional(c.Name), optional(c.Name)
	var net, duty int64
	for j := range 1 + d.IntN(5) {
		l, amount, t := g.salesLine(d, o, j)
		o.Lines, net, duty = append(o.Lines, l), net+amount, duty+t
	}
	o.NetAmount, o.TaxAmount, o.GrossAmount = fixed(net, moneyDigits), fixed(duty, moneyDigits), fixed(net+duty, moneyDigits)
	return o
}

func (g *generator) salesLine(d draw, o salesOrder, j int) (salesLine, int64, int64) {
	at := d.IntN(g.counts.Items)
	t := g.goods(at)
	quantity, price := (1+d.Int64N(40))*1000, t.price*14/10
	net := lineAmount(quantity, price, 0)
	l := salesLine{LineID: o.ID + "-" + strconv.Itoa((j+1)*10), LineNo: (j + 1) * 10, ItemID: key(at), Text: t.name, Quantity: fixed(quantity, quantityDigits),
		Unit: t.product.unit, ShippedQty: fixed(0, quantityDigits), UnitPrice: fixed(price, priceDigits), DiscountPct: "0.00",
		TaxAmount: fixed(tax(net), moneyDigits), LineAmount: fixed(net, moneyDigits)}
	if o.Status == shipped || o.Status == closed {
		l.ShippedQty = l.Quantity
	}
	return l, net, tax(net)
}

// receivable is our invoice for sales order i.
func (g *generator) receivable(i int) invoice {
	created, updated := g.salesTimes(i)
	d := g.draw(forInvoice+1000, i)
	o := g.salesOrder(i)
	inv := invoice{ID: "2" + orderID(i), InvoiceNumber: "AR-" + strconv.Itoa(700001+i), Direction: "AR", CustomerID: &o.CustomerID, InvoiceDate: date(created),
		DueDate: dayAfter(created, 30), CurrencyCode: o.CurrencyCode, NetAmount: o.NetAmount, TaxAmount: o.TaxAmount, GrossAmount: o.GrossAmount, stamps: stamps{iso(created), iso(updated)}}
	for _, l := range o.Lines {
		inv.Lines = append(inv.Lines, invoiceLine{"AR" + l.LineID, l.LineNo, nil, l.ItemID, l.Text, l.Quantity, l.Unit, l.UnitPrice, l.DiscountPct, l.TaxAmount, l.LineAmount, nil})
	}
	inv.pay(d, o.Status == closed)
	return inv
}

func (g *generator) requisitionTimes(i int) (created, updated int64) {
	d := g.draw(forRequisition+1000, i)
	age := d.Int64N(orderSpan-hour) + hour
	return g.base - age, g.base - age + d.Int64N(min(age, 5*day))
}

func (g *generator) requisition(i int) requisition {
	created, updated := g.requisitionTimes(i)
	d := g.draw(forRequisition, i)
	r := requisition{ID: key(i), Number: "PR-" + strconv.Itoa(60001+i), Status: pick(d, []string{draft, pending, approved, converted, converted, rejected}),
		RequesterID: g.userID(d), RequestDate: date(created), RequiredDate: d.maybe(85, dayAfter(created, 10+d.IntN(40))), CurrencyCode: "EUR", stamps: stamps{iso(created), iso(updated)}}
	var net int64
	for j := range 1 + d.IntN(4) {
		at := d.IntN(g.counts.Items)
		t := g.goods(at)
		quantity := (1 + d.Int64N(20)) * 1000
		amount := lineAmount(quantity, t.price, 0)
		net += amount
		r.Lines = append(r.Lines, requisitionLine{r.ID + "-" + strconv.Itoa((j+1)*10), (j + 1) * 10, key(at), t.name, fixed(quantity, quantityDigits), t.product.unit,
			fixed(t.price, priceDigits), fixed(amount, moneyDigits), r.RequiredDate})
	}
	r.NetAmount = fixed(net, moneyDigits)
	return r
}
