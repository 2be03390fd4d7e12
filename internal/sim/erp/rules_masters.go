package erp

import (
	"encoding/json"
	"strconv"
)

type vendorRules struct{}

func (vendorRules) create(_ *Server, id string, sent []byte, now string) (any, error) {
	v := vendor{ID: id, partner: partner{Active: true, CurrencyCode: "EUR", PaymentTerms: "NET30", Contacts: []contact{}}}
	return v.merge(sent, stamps{now, now})
}

func (vendorRules) update(_ *Server, old, sent []byte, now string) (any, error) {
	var v vendor
	if err := json.Unmarshal(old, &v); err != nil {
		return nil, err
	}
	return v.merge(sent, stamps{v.CreatedAt, now})
}

// merge lays what was sent over a vendor; key and times stay SimERP's own.
func (v vendor) merge(sent []byte, s stamps) (any, error) {
	id := v.ID
	if replaces(sent, "contacts") {
		v.Contacts = nil
	}
	if err := decode(sent, &v); err != nil {
		return nil, err
	}
	v.ID, v.stamps = id, s
	if v.Name == "" {
		return nil, unprocessable("name_required", "A vendor needs a name.")
	}
	if v.VendorNumber == "" {
		v.VendorNumber = "V-" + numberOf(id, 9999)
	}
	if v.Contacts == nil {
		v.Contacts = []contact{}
	}
	return v, nil
}

func (vendorRules) remove(s *Server, id string, _ []byte) error {
	if s.ordered(func(o order) bool { return o.VendorID == id }) {
		return unprocessable("vendor_in_use", "Purchase orders name this vendor; set it inactive instead.")
	}
	return nil
}

type itemRules struct{}

func (itemRules) create(_ *Server, id string, sent []byte, now string) (any, error) {
	it := item{ID: id, ItemType: "PART", BaseUnit: "PCE", StandardCost: "0.0000", PriceCurrency: "EUR", Stocked: true, Active: true}
	return it.merge(sent, stamps{now, now})
}

func (itemRules) update(_ *Server, old, sent []byte, now string) (any, error) {
	var it item
	if err := json.Unmarshal(old, &it); err != nil {
		return nil, err
	}
	return it.merge(sent, stamps{it.CreatedAt, now})
}

func (it item) merge(sent []byte, s stamps) (any, error) {
	id := it.ID
	if replaces(sent, "suppliers") {
		it.Suppliers = nil
	}
	if err := decode(sent, &it); err != nil {
		return nil, err
	}
	it.ID, it.stamps = id, s
	if it.Name == "" {
		return nil, unprocessable("name_required", "An item needs a name.")
	}
	if _, err := parseFixed(it.StandardCost, priceDigits); err != nil {
		return nil, unprocessable("invalid_amount", "standardCost: "+err.Error()+".")
	}
	if it.ItemNumber == "" {
		it.ItemNumber = "N" + id
	}
	if it.Suppliers == nil {
		it.Suppliers = []supplier{}
	}
	for i := range it.Suppliers {
		it.Suppliers[i].SupplierID = id + "/" + strconv.Itoa(i+1)
	}
	return it, nil
}

func (itemRules) remove(s *Server, id string, _ []byte) error {
	in := func(o order) bool {
		for _, l := range o.Lines {
			if l.ItemID == id {
				return true
			}
		}
		return false
	}
	if s.ordered(in) {
		return unprocessable("item_in_use", "Purchase orders name this item; set it inactive instead.")
	}
	return nil
}

// ordered tells whether there is a purchase order for which match holds.
func (s *Server) ordered(match func(order) bool) bool {
	t := s.byName["purchase-orders"]
	t.load()
	for _, r := range t.rows {
		var o order
		if json.Unmarshal(t.json(r), &o) == nil && match(o) {
			return true
		}
	}
	return false
}

// replaces tells whether the sent object has that member: lists are replaced, never merged.
func replaces(sent []byte, member string) bool {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(sent, &members)
	_, ok := members[member]
	return ok
}

// numberOf gives the running number that people see for a key.
func numberOf(id string, offset int) string {
	n, _ := strconv.Atoi(id)
	return strconv.Itoa(n + offset)
}
