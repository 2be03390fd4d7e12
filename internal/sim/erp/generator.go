package erp

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// generator makes every record from its place and the seed alone, so that records can be made one by one, in any order.
type generator struct {
	seed      uint64
	base      int64 // µs
	counts    Counts
	lines     int
	lean      bool
	countries []country
	products  []product
	accounts  []account
}

// Purposes of draws. Never reuse a number: data would change.
const (
	forVendor = iota + 1
	forCustomer
	forItem
	forStock
	forOrder
	forOrderHead
	forSalesOrder
	forRequisition
	forUser
	forLocation
	forReceipt
	forInvoice
	forPosting
)

const (
	orderSpan  = 80 * day // orders lie in the 80 days before the base
	warehouses = 6
	locations  = 66
	users      = 40
)

func newGenerator(o Options) *generator {
	return &generator{seed: o.Seed, base: o.Base.UnixMicro(), counts: o.Counts, lines: o.Lines, lean: o.Lean,
		countries: countries(), products: products(), accounts: accounts()}
}

// key is a record's internal key: leading zeros are part of it.
func key(i int) string { return fmt.Sprintf("%06d", i+1) }

// master gives the times of a master record: created in the years before the base, many changed on one migration day.
func (g *generator) master(purpose uint64, i int) (created, updated int64) {
	d := g.draw(purpose+100, i)
	migration := g.base - 200*day
	created = migration - d.Int64N(1500*day)
	if i%5 < 2 {
		return created, migration // thousands of rows with one timestamp
	}
	return created, created + d.Int64N(g.base-created-hour)
}

// digits fills # with digits and @ with letters.
func (d draw) digits(pattern string) string {
	out := []byte(pattern)
	for i, c := range out {
		switch c {
		case '#':
			out[i] = byte('0' + d.IntN(10))
		case '@':
			out[i] = byte('A' + d.IntN(26))
		}
	}
	return string(out)
}

func (g *generator) address(d draw, c country) address {
	return address{
		Street:   pick(d, c.streets) + " " + strconv.Itoa(1+d.IntN(220)),
		Street2:  d.maybe(15, "Tor "+strconv.Itoa(1+d.IntN(9))),
		Postcode: d.digits(c.postcode), City: pick(d, c.cities), CountryCode: c.code,
	}
}

// partner makes the i-th company of its kind; names repeat only with a number behind them.
func (g *generator) partner(d draw, i int) partner {
	c := g.countries[i%len(g.countries)]
	n := i / len(g.countries)
	family, trade := c.families[n%len(c.families)], c.trades[n/len(c.families)%len(c.trades)]
	name := family + " " + trade
	if again := n / len(c.families) / len(c.trades); again > 0 {
		name += " " + strconv.Itoa(again+1)
	}
	if c.code == "JP" {
		name = c.suffix + " " + name
	} else {
		name += " " + c.suffix
	}
	host := fmt.Sprintf("partner-%d.example.%s", i+1, c.domain)
	return partner{
		Name: name, TaxID: d.maybe(92, d.digits(c.taxID)), Mail: d.maybe(95, "orders@"+host),
		Phone: d.maybe(90, c.phone+d.digits(" ## ### ####")), Web: d.maybe(70, "https://www."+host),
		Address: g.address(d, c), Contacts: g.contacts(d, c, host), CurrencyCode: c.currency,
		PaymentTerms: pick(d, paymentTerms()), Active: !d.chance(4),
	}
}

func (g *generator) contacts(d draw, c country, host string) []contact {
	list := make([]contact, d.IntN(4))
	for i := range list {
		list[i] = contact{
			Name:     pick(d, c.given) + " " + pick(d, c.families),
			Position: d.maybe(80, pick(d, []string{"Sales", "Accounts receivable", "Technical support", "Key account"})),
			Phone:    d.maybe(70, c.phone+d.digits(" ## ### ####")), Mail: d.maybe(85, fmt.Sprintf("contact%d@%s", i+1, host)),
		}
	}
	return list
}

func vendorNumber(i int) string { return "V-" + strconv.Itoa(10000+i) }

func (g *generator) vendor(i int) vendor {
	created, updated := g.master(forVendor, i)
	return vendor{ID: key(i), VendorNumber: vendorNumber(i), partner: g.partner(g.draw(forVendor, i), i),
		stamps: stamps{iso(created), iso(updated)}}
}

func (g *generator) customer(i int) customer {
	created, updated := g.master(forCustomer, i)
	return customer{ID: key(i), CustomerNumber: "C-" + strconv.Itoa(20000+i), partner: g.partner(g.draw(forCustomer, i), i+7),
		stamps: stamps{iso(created), iso(updated)}}
}

func (g *generator) userID(d draw) string { return key(d.IntN(users)) }

func (g *generator) user(i int) user {
	created, updated := g.master(forUser, i)
	d := g.draw(forUser, i)
	c := g.countries[i%8]
	full := pick(d, c.given) + " " + c.families[i/8%len(c.families)]
	login := fmt.Sprintf("u%04d", i+1)
	return user{ID: key(i), Login: login, FullName: full, Mail: d.maybe(90, login+"@nordwerk.example"),
		Role: pick(d, []string{"BUYER", "APPROVER", "STORES", "REQUESTER", "ADMIN"}), Active: !d.chance(10), stamps: stamps{iso(created), iso(updated)}}
}

func dayAfter(us int64, days int) string {
	return time.UnixMicro(us).UTC().AddDate(0, 0, days).Format(time.DateOnly)
}

func fill(pattern, size string) string { return strings.Replace(pattern, "%", size, 1) }
