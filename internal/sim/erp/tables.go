package erp

import "time"

// tables lists every resource with the way to make its records; writes are allowed where a writer is given.
func (g *generator) tables(b *cacheBudget) []*table {
	c := g.counts
	all := []*table{
		fixedTable(b, "companies", 2, g.company, func(r company) (string, stamps) { return r.ID, r.stamps }),
		fixedTable(b, "warehouses", warehouses, g.warehouse, func(r warehouse) (string, stamps) { return r.ID, r.stamps }),
		fixedTable(b, "locations", locations, g.location, func(r location) (string, stamps) { return r.ID, r.stamps }),
		fixedTable(b, "units", len(units()), g.unit, func(r unit) (string, stamps) { return r.ID, r.stamps }),
		fixedTable(b, "currencies", len(currencies()), g.currency, func(r currency) (string, stamps) { return r.ID, r.stamps }),
		fixedTable(b, "accounts", len(g.accounts), g.account, func(r account) (string, stamps) { return r.ID, r.stamps }),
		fixedTable(b, "statuses", len(statusLists()), g.status, func(r status) (string, stamps) { return r.ID, r.stamps }),
		fixedTable(b, "users", users, g.user, func(r user) (string, stamps) { return r.ID, r.stamps }),
		masterTable(b, g, "vendors", c.Vendors, forVendor, key, g.vendor, vendorRules{}),
		masterTable(b, g, "customers", c.Customers, forCustomer, key, g.customer, nil),
		masterTable(b, g, "items", c.Items, forItem, key, g.item, itemRules{}),
		masterTable(b, g, "stock", c.Stock, forStock, orderID, g.stock, nil),
		{name: "purchase-requisitions", budget: b, write: requisitionRules{}, record: func(i int) any { return g.requisition(i) }, fill: dated(c.Requisitions, key, g.requisitionTimes)},
		{name: "purchase-orders", budget: b, record: g.anyOrder, write: orderRules{}, fill: dated(c.Orders, orderID, func(i int) (int64, int64) {
			h := g.head(i)
			return h.created, h.updated
		})},
		{name: "goods-receipts", budget: b, write: receiptRules{}, record: func(i int) any { return g.receipt(i) }, fill: g.fillReceipts},
		{name: "invoices", budget: b, record: g.anyInvoice, fill: g.fillInvoices},
		{name: "stock-postings", budget: b, write: postingRules{}, keyed: true, record: func(i int) any { return g.posting(i) }, fill: dated((c.Stock+19)/20, orderID, g.postingTimes)},
		{name: "sales-orders", budget: b, record: func(i int) any { return g.salesOrder(i) }, fill: dated(c.SalesOrders, orderID, g.salesTimes)},
	}
	for _, t := range all {
		g.offer(t)
	}
	return all
}

// offer adds to a table what its resource offers besides lists and records.
func (g *generator) offer(t *table) {
	switch t.name {
	case "vendors":
		t.bulk = true
		t.indexes = []*index{memberIndex("vendorNumber", func(i int) []string { return []string{vendorNumber(i)} })}
	case "items":
		t.bulk, t.keyed = true, true
	case "stock":
		t.indexes = []*index{{made: g.stockedAt, wrote: stockedAt}}
	case "purchase-orders":
		t.bulk = true
		t.indexes = []*index{memberIndex("externalRef", nil), {made: g.orderedFrom, wrote: orderedFrom}, {made: g.orderedItems, wrote: orderedItems}}
	}
}

type adder = func(id string, updated, date int64, place int)

// fixedTable is a small table whose records are made once to learn their keys.
func fixedTable[R any](b *cacheBudget, name string, n int, build func(int) R, head func(R) (string, stamps)) *table {
	return &table{name: name, budget: b, record: func(i int) any { return build(i) }, fill: func(add adder) {
		for i := range n {
			id, s := head(build(i))
			add(id, instant(s.UpdatedAt), 0, i)
		}
	}}
}

func masterTable[R any](b *cacheBudget, g *generator, name string, n int, purpose uint64, id func(int) string, build func(int) R, w writer) *table {
	return &table{name: name, budget: b, write: w, record: func(i int) any { return build(i) }, fill: func(add adder) {
		for i := range n {
			_, updated := g.master(purpose, i)
			add(id(i), updated, 0, i)
		}
	}}
}

// dated fills a table of documents, whose date is the day they were made.
func dated(n int, id func(int) string, times func(int) (created, updated int64)) func(adder) {
	return func(add adder) {
		for i := range n {
			created, updated := times(i)
			add(id(i), updated, midnight(created), i)
		}
	}
}

func (g *generator) anyOrder(i int) any {
	if g.lean {
		return g.order(i).lean()
	}
	return g.order(i)
}

func (g *generator) fillReceipts(add adder) {
	for _, i := range g.followUp(partial, received, invoiced, closed) {
		created, updated := g.receiptTimes(i)
		add(orderID(i), updated, midnight(created), i)
	}
}

// receivables lie behind the payables.
const receivables = 1 << 24

func (g *generator) anyInvoice(i int) any {
	if i >= receivables {
		return g.receivable(i - receivables)
	}
	return g.payable(i)
}

func (g *generator) fillInvoices(add adder) {
	for _, i := range g.followUp(invoiced, closed) {
		created, updated := g.invoiceTimes(i)
		add("1"+orderID(i), updated, midnight(created), i)
	}
	for i := range g.counts.SalesOrders {
		if s := g.salesOrder(i).Status; s == shipped || s == closed {
			created, updated := g.salesTimes(i)
			add("2"+orderID(i), updated, midnight(created), receivables+i)
		}
	}
}

func midnight(us int64) int64 { return us - us%day }

// instant reads a time that SimERP itself wrote.
func instant(text string) int64 {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic("SimERP wrote a time it cannot read: " + text)
	}
	return t.UnixMicro()
}
