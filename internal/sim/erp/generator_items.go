package erp

import (
	"fmt"
	"strconv"
)

// goods is what documents need of an item, made without the rest of it.
type goods struct {
	product product
	name    string
	price   int64 // 1/10000 EUR
}

func (g *generator) goods(i int) goods {
	p := g.products[i%len(g.products)]
	d := g.draw(forItem, i)
	size := p.sizes[i/len(g.products)%len(p.sizes)]
	return goods{p, fill(p.name, size), p.low + d.Int64N(p.high-p.low)}
}

func (g *generator) item(i int) item {
	created, updated := g.master(forItem, i)
	t := g.goods(i)
	d := g.draw(forItem+1000, i)
	it := item{
		ID: key(i), ItemNumber: fmt.Sprintf("%08d", 4711+i*3), Name: t.name, ItemType: t.product.kind, Category: t.product.category, BaseUnit: t.product.unit,
		StandardCost: fixed(t.price, priceDigits), ListPrice: d.maybe(70, fixed(t.price*13/10, priceDigits)), PriceCurrency: "EUR",
		Stocked: t.product.stocked, Active: !d.chance(3), Suppliers: g.suppliers(d, key(i), t), stamps: stamps{iso(created), iso(updated)},
	}
	if t.product.stocked {
		it.Manufacturer = d.maybe(85, pick(d, []string{"Nordlager", "Tätek", "Drehwerk Süd", "Fluidon", "Kōei 精工", "Brno Pohony"}))
		it.MfrPartNumber = d.maybe(80, d.digits("@@-####/##"))
		it.EAN = d.maybe(60, d.digits("40###########"))
	}
	text := t.name + ", " + t.product.text + "."
	if d.chance(8) {
		text += " " + guarantee + guarantee + guarantee
	}
	it.LongText = d.maybe(75, text)
	return it
}

func (g *generator) suppliers(d draw, item string, t goods) []supplier {
	list := make([]supplier, d.IntN(4))
	for i := range list {
		v := d.IntN(g.counts.Vendors)
		list[i] = supplier{SupplierID: item + "/" + strconv.Itoa(i+1), VendorID: key(v), PartNumber: d.maybe(85, d.digits("@###-####")), Price: fixed(t.price*int64(95+d.IntN(12))/100, priceDigits),
			Currency: "EUR", LeadTime: "P" + strconv.Itoa(1+d.IntN(60)) + "D", MinOrder: fixed(int64(1+d.IntN(10))*1000, quantityDigits)}
	}
	return list
}

// stock rows lie at bins; several rows of one item lie at different ones.
func (g *generator) stock(i int) stock {
	created, updated := g.master(forStock, i)
	d := g.draw(forStock, i)
	n := i % g.counts.Items
	t := g.goods(n)
	onHand := d.Int64N(900) * 1000
	reserved := onHand * int64(d.IntN(40)) / 100 / 1000 * 1000
	s := stock{
		ID: fmt.Sprintf("%08d", i+1), ItemID: key(n), LocationID: key(g.bin(i/g.counts.Items*7 + n)), Lot: d.maybe(25, d.digits("L######")), Unit: t.product.unit,
		OnHand: fixed(onHand, quantityDigits), Reserved: fixed(reserved, quantityDigits), Available: fixed(onHand-reserved, quantityDigits),
		OnOrder: fixed(d.Int64N(50)*1000, quantityDigits), UnitCost: fixed(t.price, priceDigits), CostCurrency: "EUR", stamps: stamps{iso(created), iso(updated)},
	}
	if d.chance(80) {
		point := d.Int64N(100) * 1000
		s.ReorderPoint, s.ReorderQty = optional(fixed(point, quantityDigits)), optional(fixed(point*2, quantityDigits))
		s.Min, s.Max = optional(fixed(point/2, quantityDigits)), optional(fixed(point*5, quantityDigits))
	}
	if s.Lot == nil && onHand == 1000 {
		s.Serial = optional(d.digits("SN########"))
	}
	s.CountedAt = d.maybe(60, iso(updated-d.Int64N(300*day)))
	return s
}
