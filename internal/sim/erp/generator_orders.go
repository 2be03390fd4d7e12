package erp

import (
	"fmt"
	"strconv"
)

// head is what lists and follow-up documents need of an order, made without its lines.
type head struct {
	status                    string
	created, updated, ordered int64 // µs
	vendor                    int
	rate                      int64 // of the vendor's currency, 1/10000 per EUR
	currency                  string
}

// orderID is the internal key of the i-th document of its kind.
func orderID(i int) string { return fmt.Sprintf("%08d", i+1) }

// head places order i in time (the older the smaller its number) and in its life.
func (g *generator) head(i int) head {
	d := g.draw(forOrderHead, i)
	step := orderSpan / int64(g.counts.Orders)
	age := orderSpan - int64(i)*step - d.Int64N(step)
	h := head{created: g.base - age, vendor: d.IntN(g.counts.Vendors)}
	h.ordered = h.created
	h.status = stage(d, int(age/day))
	h.updated = h.created + d.Int64N(max(1, min(age, 25*day)))
	h.currency = g.countries[h.vendor%len(g.countries)].currency
	h.rate = rates(h.currency)
	return h
}

// exchange is what one unit of a currency costs in the company's own, in 1/1000000.
func exchange(own, currency string) int64 {
	return (rates(own)*1_000_000 + rates(currency)/2) / rates(currency)
}

// rates gives what one euro costs, in 1/10000.
func rates(currency string) int64 {
	return map[string]int64{"EUR": 10000, "USD": 10856, "GBP": 8431, "SEK": 112040, "PLN": 42710, "CZK": 251300, "JPY": 1634500}[currency]
}

// stage says how far an order of that age in days has come.
func stage(d draw, age int) string {
	switch n := d.IntN(100); {
	case n < 4:
		return cancelled
	case n < 6:
		return onHold
	case age < 3:
		return pick(d, []string{draft, pending, approved, open})
	case age < 20:
		return pick(d, []string{approved, open, open, partial, received})
	case age < 50:
		return pick(d, []string{open, partial, received, invoiced, closed})
	default:
		return pick(d, []string{received, invoiced, closed, closed, closed})
	}
}

func (g *generator) order(i int) order {
	h := g.head(i)
	d := g.draw(forOrder, i)
	house := 0
	o := order{
		ID: orderID(i), OrderNumber: "PO-" + strconv.Itoa(100001+i), Status: h.status, VendorID: key(h.vendor), CompanyID: "01",
		BuyerID: g.userID(d), RequesterID: d.maybe(70, g.userID(d)), OrderDate: date(h.ordered), RequiredDate: d.maybe(90, dayAfter(h.ordered, 5+d.IntN(40))),
		ExpectedDate: d.maybe(60, dayAfter(h.ordered, 8+d.IntN(50))), CurrencyCode: h.currency,
		PaymentTerms: pick(d, []string{"NET30", "NET60", "NET14"}), Incoterms: d.maybe(60, pick(d, []string{"DAP", "FCA", "EXW", "DDP"})),
		ShippingMethod: d.maybe(50, pick(d, []string{"TRUCK", "COURIER", "SEA", "PICKUP"})), ProjectCode: d.maybe(20, "P-"+d.digits("####")),
		stamps: stamps{iso(h.created), iso(h.updated)},
	}
	if d.chance(25) {
		o.CompanyID, house = "02", 4
	}
	o.ExchangeRate = fixed(exchange(g.company(int(o.CompanyID[1]-'1')).CurrencyCode, h.currency), rateDigits)
	house += d.IntN(2)
	o.WarehouseID = key(house)
	o.ShipTo = g.warehouse(house).Address
	o.BillTo = g.company(int(o.CompanyID[1] - '1')).Address
	o.BillTo.Name = optional(g.company(int(o.CompanyID[1] - '1')).Name)
	g.note(d, &o)
	g.dates(d, &o, h)
	g.orderLines(d, &o, h, house)
	o.total()
	return o
}

func (g *generator) note(d draw, o *order) {
	switch n := d.IntN(100); {
	case n < 20:
		o.Note = optional("Please confirm within 2 days — “Lieferung frei Haus”, Tor 3.")
	case n < 23:
		o.Note = optional(guarantee + guarantee + guarantee + guarantee)
	}
}

// dates sets who approved and when it was closed, as the status wants.
func (g *generator) dates(d draw, o *order, h head) {
	approver := g.userID(d)
	if h.status == draft || h.status == pending || h.status == onHold {
		return
	}
	o.ApproverID = &approver
	o.ApprovedAt = optional(iso(h.created + (h.updated-h.created)/3))
	if h.status == closed || h.status == cancelled {
		o.ClosedAt = optional(iso(h.updated))
	}
}

func (g *generator) orderLines(d draw, o *order, h head, house int) {
	n := 1 + d.IntN(8)
	if g.lines > 0 {
		n = g.lines
	}
	o.Lines = make([]orderLine, n)
	for j := range o.Lines {
		o.Lines[j] = g.orderLine(d, o, h, j, house)
	}
}

func (g *generator) orderLine(d draw, o *order, h head, j, house int) orderLine {
	at := d.IntN(g.counts.Items)
	t := g.goods(at)
	quantity := (1 + d.Int64N(200)) * 1000
	if t.product.unit == "KGM" || t.product.unit == "MTR" {
		quantity += d.Int64N(4) * 250
	}
	discount := int64(0)
	if d.chance(20) {
		discount = 250 * (1 + d.Int64N(8))
	}
	price := t.price * h.rate / 10000
	l := orderLine{
		LineID: o.ID + "-" + strconv.Itoa((j+1)*10), LineNo: (j + 1) * 10, ItemID: key(at), Text: t.name, VendorPartNo: d.maybe(60, d.digits("@###-####")),
		Quantity: fixed(quantity, quantityDigits), Unit: t.product.unit, UnitPrice: fixed(price, priceDigits), DiscountPct: fixed(discount, 2),
		RequiredDate: o.RequiredDate, ExpectedDate: o.ExpectedDate, WarehouseID: o.WarehouseID, AccountID: d.maybe(70, pick(d, g.accounts).ID),
		LocationID: d.maybe(60, key(house*len(places())+6)), Note: d.maybe(6, "Certificate 3.1 with the goods"),
	}
	l.progress(d, h.status, quantity, j == 0)
	l.amount(o.taxed(g, h.vendor))
	return l
}

// taxed tells whether the vendor charges tax: within the country only.
func (o *order) taxed(g *generator, vendor int) bool {
	return o.CompanyID == "01" && g.countries[vendor%len(g.countries)].code == "DE"
}

// progress sets what has arrived and been billed; first makes sure that a partly received order has received something.
func (l *orderLine) progress(d draw, orderStatus string, quantity int64, first bool) {
	l.Status, l.ReceivedQty, l.InvoicedQty = orderStatus, fixed(0, quantityDigits), fixed(0, quantityDigits)
	some := d.IntN(3)
	switch orderStatus {
	case partial:
		if first {
			l.Status, l.ReceivedQty = partial, fixed(quantity/2, quantityDigits)
		} else if some == 0 {
			l.Status, l.ReceivedQty = received, l.Quantity
		} else {
			l.Status = open
		}
	case received:
		l.ReceivedQty = l.Quantity
	case invoiced, closed:
		l.ReceivedQty, l.InvoicedQty = l.Quantity, l.Quantity
	}
}

// amount computes the line's amounts from quantity, price and discount, which are well-formed.
func (l *orderLine) amount(taxed bool) {
	quantity, _ := parseFixed(l.Quantity, quantityDigits)
	price, _ := parseFixed(l.UnitPrice, priceDigits)
	discount, _ := parseFixed(l.DiscountPct, 2)
	net, duty := lineAmount(quantity, price, discount), int64(0)
	if taxed {
		duty = tax(net)
	}
	l.LineAmount, l.TaxAmount = fixed(net, moneyDigits), fixed(duty, moneyDigits)
}

// total adds the lines up.
func (o *order) total() {
	var net, duty int64
	for _, l := range o.Lines {
		n, _ := parseFixed(l.LineAmount, moneyDigits)
		t, _ := parseFixed(l.TaxAmount, moneyDigits)
		net, duty = net+n, duty+t
	}
	o.NetAmount, o.TaxAmount, o.GrossAmount = fixed(net, moneyDigits), fixed(duty, moneyDigits), fixed(net+duty, moneyDigits)
}
