package erp

import (
	"encoding/json"
	"net/http"
	"strconv"
)

type vendorRules struct{}

const longestNumber = 40

func (vendorRules) create(w *work, id string, sent []byte) (any, error) {
	v := vendor{ID: id, partner: partner{Active: true, CurrencyCode: "EUR", PaymentTerms: "NET30", Contacts: []contact{}}}
	v.stamps = stamps{w.now(), w.now()}
	return v.merge(w, sent)
}

func (vendorRules) update(w *work, old, sent []byte) (any, error) {
	var v vendor
	if err := json.Unmarshal(old, &v); err != nil {
		return nil, err
	}
	v.UpdatedAt = w.now()
	return v.merge(w, sent)
}

// merge lays what was sent over a vendor; key and times stay SimERP's own.
func (v vendor) merge(w *work, sent []byte) (any, error) {
	old := v
	if replaces(sent, "contacts") {
		v.Contacts = nil
	}
	if err := decode(sent, &v); err != nil {
		return nil, err
	}
	v.ID, v.stamps = old.ID, old.stamps
	if v.Name == "" {
		return nil, unprocessable("name_required", "A vendor needs a name.")
	}
	if v.VendorNumber == "" {
		v.VendorNumber = w.freeVendorNumber(v.ID)
	}
	if err := w.uniqueNumber(v); err != nil {
		return nil, err
	}
	if v.Contacts == nil {
		v.Contacts = []contact{}
	}
	return v, w.check(listed("currencyCode", old.CurrencyCode, v.CurrencyCode, w.currency), listed("paymentTerms", old.PaymentTerms, v.PaymentTerms, knownTerms))
}

// uniqueNumber refuses a number that another vendor has.
func (w *work) uniqueNumber(v vendor) error {
	if len(v.VendorNumber) > longestNumber {
		return unprocessable("invalid_number", "vendorNumber has at most "+strconv.Itoa(longestNumber)+" characters.")
	}
	for _, id := range w.vendorsNumbered(v.VendorNumber) {
		if id != v.ID {
			return refusal{http.StatusConflict, "duplicate_key", "Vendor " + id + " has the vendorNumber " + strconv.Quote(v.VendorNumber) + "."}
		}
	}
	return nil
}

func (w *work) vendorsNumbered(number string) []string {
	return w.byName["vendors"].filter("vendorNumber").ids[number]
}

// freeVendorNumber is the running number of a key, or the next that nobody has.
func (w *work) freeVendorNumber(id string) string {
	for n := 9999; ; n++ {
		if number := "V-" + numberOf(id, n); len(w.vendorsNumbered(number)) == 0 {
			return number
		}
	}
}

func (vendorRules) remove(w *work, id string, _ []byte) error {
	if w.named(orderedFromIndex, id) {
		return unprocessable("vendor_in_use", "Purchase orders name this vendor; set it inactive instead.")
	}
	return nil
}

type itemRules struct{}

func (itemRules) create(w *work, id string, sent []byte) (any, error) {
	it := item{ID: id, ItemType: "PART", BaseUnit: "PCE", StandardCost: "0.0000", PriceCurrency: "EUR", Stocked: true, Active: true}
	it.stamps = stamps{w.now(), w.now()}
	return it.merge(w, sent)
}

func (itemRules) update(w *work, old, sent []byte) (any, error) {
	var it item
	if err := json.Unmarshal(old, &it); err != nil {
		return nil, err
	}
	it.UpdatedAt = w.now()
	return it.merge(w, sent)
}

func (it item) merge(w *work, sent []byte) (any, error) {
	old := it
	if replaces(sent, "suppliers") {
		it.Suppliers = nil
	}
	if err := decode(sent, &it); err != nil {
		return nil, err
	}
	it.ID, it.stamps = old.ID, old.stamps
	if it.Name == "" {
		return nil, unprocessable("name_required", "An item needs a name.")
	}
	if _, err := parseFixed(it.StandardCost, priceDigits); err != nil {
		return nil, unprocessable("invalid_amount", "standardCost: "+err.Error()+".")
	}
	if it.ItemNumber == "" {
		it.ItemNumber = "N" + it.ID
	}
	if it.Suppliers == nil {
		it.Suppliers = []supplier{}
	}
	for i := range it.Suppliers {
		it.Suppliers[i].SupplierID = it.ID + "/" + strconv.Itoa(i+1)
	}
	return it, w.check(listed("priceCurrency", old.PriceCurrency, it.PriceCurrency, w.currency), listed("itemType", old.ItemType, it.ItemType, knownTypes),
		w.refers("baseUnit", "units", &old.BaseUnit, &it.BaseUnit))
}

func (itemRules) remove(w *work, id string, _ []byte) error {
	if w.named(orderedItemsIndex, id) {
		return unprocessable("item_in_use", "Purchase orders name this item; set it inactive instead.")
	}
	return nil
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
