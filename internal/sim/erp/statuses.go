package erp

// The words of SimERP's own status lists.
const (
	draft      = "DRAFT"
	pending    = "PENDING"
	approved   = "APPROVED"
	open       = "OPEN"
	partial    = "PARTIAL"
	received   = "RECEIVED"
	invoiced   = "INVOICED"
	closed     = "CLOSED"
	cancelled  = "CANCELLED"
	onHold     = "ON_HOLD"
	converted  = "CONVERTED"
	rejected   = "REJECTED"
	posted     = "POSTED"
	reversed   = "REVERSED"
	partlyPaid = "PARTLY_PAID"
	paid       = "PAID"
	confirmed  = "CONFIRMED"
	shipped    = "SHIPPED"
)

// statusLists says which words each document uses, in the order of its life.
func statusLists() []status {
	list := func(document string, words ...string) []status {
		var out []status
		for i := 0; i < len(words); i += 2 {
			out = append(out, status{ID: document + "." + words[i], Document: document, Code: words[i], Name: words[i+1],
				Meaning: words[i+1] + " (" + document + ")", Active: true})
		}
		return out
	}
	var all []status
	all = append(all, list("purchase-orders", draft, "Draft", pending, "Waiting for approval", approved, "Approved", open, "Sent to the vendor", partial, "Partly received",
		received, "Received", invoiced, "Invoiced", closed, "Closed", cancelled, "Cancelled", onHold, "On hold")...)
	all = append(all, list("purchase-requisitions", draft, "Draft", pending, "Waiting for approval", approved, "Approved", converted, "Turned into an order", rejected, "Rejected")...)
	all = append(all, list("goods-receipts", posted, "Posted", reversed, "Reversed")...)
	all = append(all, list("invoices", open, "Open", partlyPaid, "Partly paid", paid, "Paid", cancelled, "Cancelled")...)
	return append(all, list("sales-orders", draft, "Draft", confirmed, "Confirmed", partial, "Partly shipped", shipped, "Shipped", closed, "Closed", cancelled, "Cancelled")...)
}
