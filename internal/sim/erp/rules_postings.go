package erp

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// posting takes goods out of stock, or puts them in.
type posting struct {
	ID            string        `json:"id"`
	PostingNumber string        `json:"postingNumber"`
	Kind          string        `json:"kind"` // ISSUE, RECEIPT, RETURN, COUNT, SCRAP
	Reference     *string       `json:"reference"`
	PostedAt      string        `json:"postedAt"`
	PostedByID    string        `json:"postedById"`
	Note          *string       `json:"note"`
	Lines         []postingLine `json:"lines"`
	stamps
}

type postingLine struct {
	LineID     string  `json:"lineId"`
	ItemID     string  `json:"itemId"`
	LocationID string  `json:"locationId"`
	Lot        *string `json:"lot"`
	Quantity   string  `json:"quantity"` // below 0: taken out
	Unit       string  `json:"unit"`
}

// The kinds of postings that only take out, and those that only put in. A count does either.
const (
	issued   = "ISSUE"
	scrapped = "SCRAP"
	put      = "RECEIPT"
	returned = "RETURN"
	counted  = "COUNT"
)

// postingRules: a posting changes the stock of its lines, all or none, and is final.
type postingRules struct{}

func (postingRules) create(w *work, id string, sent []byte) (any, error) {
	p := posting{ID: id, PostingNumber: "SP-" + numberOf(id, 40000), PostedAt: w.now(), PostedByID: key(0), stamps: stamps{w.now(), w.now()}}
	blank := p
	if err := decode(sent, &p); err != nil {
		return nil, err
	}
	p.ID, p.PostingNumber, p.stamps = blank.ID, blank.PostingNumber, blank.stamps
	at, err := time.Parse(time.RFC3339Nano, p.PostedAt)
	if err != nil {
		return nil, unprocessable("invalid_date", "postedAt must be a time with zone, like 2026-03-01T08:00:00Z.")
	}
	p.PostedAt = iso(at.UnixMicro())
	if !slices.Contains([]string{issued, scrapped, put, returned, counted}, p.Kind) {
		return nil, unprocessable("unknown_value", "kind: "+strconv.Quote(p.Kind)+" is not on the list.")
	}
	if err := w.refers("postedById", "users", &blank.PostedByID, &p.PostedByID); err != nil {
		return nil, err
	}
	if len(p.Lines) == 0 {
		return nil, unprocessable("lines_required", "A posting needs at least one line.")
	}
	for i := range p.Lines {
		l := &p.Lines[i]
		if err := w.move(p.Kind, l); err != nil {
			return nil, err
		}
		l.LineID = "SP" + p.ID + "-" + strconv.Itoa((i+1)*10)
	}
	return p, nil
}

func (postingRules) update(*work, []byte, []byte) (any, error) { return nil, final() }

func (postingRules) remove(*work, string, []byte) error { return final() }

// move changes the stock of one line.
func (w *work) move(kind string, l *postingLine) error {
	if err := w.check(w.refers("itemId", "items", nil, &l.ItemID), w.refers("locationId", "locations", nil, &l.LocationID)); err != nil {
		return err
	}
	quantity, err := parseFixed(l.Quantity, quantityDigits)
	if err != nil || quantity == 0 {
		return unprocessable("invalid_quantity", "The quantity must be a decimal other than 0, as text, with at most 3 digits after the point.")
	}
	if out := kind == issued || kind == scrapped; kind != counted && out != (quantity < 0) {
		return unprocessable("wrong_sign", "What is taken out has a quantity below 0, what is put in one above it; this is "+kind+".")
	}
	s, err := w.lying(l, quantity)
	if err != nil {
		return err
	}
	if l.Unit != "" && l.Unit != s.Unit {
		return unprocessable("wrong_unit", "Item "+l.ItemID+" is counted in "+s.Unit+".")
	}
	onHand, _ := parseFixed(s.OnHand, quantityDigits)
	reserved, _ := parseFixed(s.Reserved, quantityDigits)
	if onHand+quantity < 0 {
		return unprocessable("stock_below_zero", "Only "+s.OnHand+" "+s.Unit+" of item "+l.ItemID+" lie there.")
	}
	l.Unit, l.Quantity, l.Lot = s.Unit, fixed(quantity, quantityDigits), s.Lot
	s.OnHand, s.Available, s.UpdatedAt = fixed(onHand+quantity, quantityDigits), fixed(onHand+quantity-reserved, quantityDigits), w.now()
	if kind == counted {
		s.CountedAt = optional(w.now())
	}
	w.put(0, w.byName["stock"], entry{ID: s.ID}, s)
	return nil
}

// lying gives what lies of the line's item at its place, or the beginning of that where something is put in for the first time.
func (w *work) lying(l *postingLine, quantity int64) (s stock, err error) {
	t := w.byName["stock"]
	t.load()
	t.build(t.indexes[0])
	for _, row := range t.held(t.indexes[0], l.ItemID+"@"+l.LocationID) {
		if err := json.Unmarshal(t.json(row), &s); err != nil {
			return s, err
		}
		if l.Lot == nil || s.Lot != nil && *s.Lot == *l.Lot {
			return s, nil
		}
	}
	if quantity < 0 {
		return s, unprocessable("not_in_stock", "Nothing of item "+l.ItemID+" lies at "+l.LocationID+".")
	}
	items := w.byName["items"]
	var of item
	if err := json.Unmarshal(items.json(items.byID[l.ItemID]), &of); err != nil {
		return s, err
	}
	none := fixed(0, quantityDigits)
	return stock{ID: t.nextID(), ItemID: l.ItemID, LocationID: l.LocationID, Lot: l.Lot, Unit: of.BaseUnit, OnHand: none, Reserved: none, Available: none, OnOrder: none,
		UnitCost: of.StandardCost, CostCurrency: of.PriceCurrency, stamps: stamps{w.now(), w.now()}}, nil
}

func (g *generator) stockedAt(i int) []string { return g.stock(i).place() }

func stockedAt(record []byte) []string {
	var s stock
	_ = json.Unmarshal(record, &s)
	return s.place()
}

func (s stock) place() []string { return []string{s.ItemID + "@" + s.LocationID} }

func (g *generator) postingTimes(i int) (created, updated int64) {
	d := g.draw(forPosting+1000, i)
	at := g.base - d.Int64N(orderSpan-hour) - hour
	return at, at
}

// posting is an issue of earlier days, which today's stock shows already.
func (g *generator) posting(i int) posting {
	at, _ := g.postingTimes(i)
	d := g.draw(forPosting, i)
	s := g.stock(d.IntN(g.counts.Stock))
	id := orderID(i)
	return posting{ID: id, PostingNumber: "SP-" + strconv.Itoa(40001+i), Kind: pick(d, []string{issued, issued, issued, returned, scrapped, counted}), Reference: d.maybe(60, d.digits("WO-######")),
		PostedAt: iso(at), PostedByID: g.userID(d), Note: d.maybe(20, "Night shift"), stamps: stamps{iso(at), iso(at)}}.with(s, d)
}

func (p posting) with(s stock, d draw) posting {
	quantity := -(1 + d.Int64N(6)) * 1000
	if p.Kind == returned {
		quantity = -quantity
	}
	p.Lines = []postingLine{{LineID: "SP" + p.ID + "-10", ItemID: s.ItemID, LocationID: s.LocationID, Lot: s.Lot, Quantity: fixed(quantity, quantityDigits), Unit: s.Unit}}
	return p
}
