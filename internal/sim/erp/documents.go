package erp

// The documents of the API: orders, receipts, invoices. Lines are embedded.

type order struct {
	ID             string      `json:"id"`
	OrderNumber    string      `json:"orderNumber"`
	Status         string      `json:"status"`
	CompanyID      string      `json:"companyId"`
	WarehouseID    string      `json:"warehouseId"`
	VendorID       string      `json:"vendorId"`
	BuyerID        string      `json:"buyerId"`
	RequesterID    *string     `json:"requesterId"`
	ApproverID     *string     `json:"approverId"`
	OrderDate      string      `json:"orderDate"`
	RequiredDate   *string     `json:"requiredDate"`
	ExpectedDate   *string     `json:"expectedDate"`
	ApprovedAt     *string     `json:"approvedAt"`
	ClosedAt       *string     `json:"closedAt"`
	CurrencyCode   string      `json:"currencyCode"`
	ExchangeRate   string      `json:"exchangeRate"`
	NetAmount      string      `json:"netAmount"`
	TaxAmount      string      `json:"taxAmount"`
	GrossAmount    string      `json:"grossAmount"`
	PaymentTerms   string      `json:"paymentTerms"`
	Incoterms      *string     `json:"incoterms"`
	ShippingMethod *string     `json:"shippingMethod"`
	ShipTo         address     `json:"shipTo"`
	BillTo         address     `json:"billTo"`
	Note           *string     `json:"note"`
	ProjectCode    *string     `json:"projectCode"`
	ExternalRef    *string     `json:"externalRef"` // free for other systems
	Lines          []orderLine `json:"lines"`
	stamps
}

type orderLine struct {
	LineID       string  `json:"lineId"`
	LineNo       int     `json:"lineNo"`
	ItemID       string  `json:"itemId"`
	Text         string  `json:"text"`
	VendorPartNo *string `json:"vendorPartNo"`
	Quantity     string  `json:"quantity"`
	Unit         string  `json:"unit"`
	ReceivedQty  string  `json:"receivedQty"`
	InvoicedQty  string  `json:"invoicedQty"`
	UnitPrice    string  `json:"unitPrice"`
	DiscountPct  string  `json:"discountPct"`
	TaxAmount    string  `json:"taxAmount"`
	LineAmount   string  `json:"lineAmount"`
	RequiredDate *string `json:"requiredDate"`
	ExpectedDate *string `json:"expectedDate"`
	WarehouseID  string  `json:"warehouseId"`
	LocationID   *string `json:"locationId"`
	AccountID    *string `json:"accountId"`
	Status       string  `json:"status"`
	Note         *string `json:"note"`
}

// leanOrder is an order as small systems keep it.
type leanOrder struct {
	ID           string     `json:"id"`
	OrderNumber  string     `json:"orderNumber"`
	Status       string     `json:"status"`
	VendorID     string     `json:"vendorId"`
	BuyerID      string     `json:"buyerId"`
	OrderDate    string     `json:"orderDate"`
	RequiredDate *string    `json:"requiredDate"`
	CurrencyCode string     `json:"currencyCode"`
	NetAmount    string     `json:"netAmount"`
	TaxAmount    string     `json:"taxAmount"`
	GrossAmount  string     `json:"grossAmount"`
	PaymentTerms string     `json:"paymentTerms"`
	Note         *string    `json:"note"`
	ExternalRef  *string    `json:"externalRef"`
	Lines        []leanLine `json:"lines"`
	stamps
}

type leanLine struct {
	LineID       string  `json:"lineId"`
	LineNo       int     `json:"lineNo"`
	ItemID       string  `json:"itemId"`
	Text         string  `json:"text"`
	Quantity     string  `json:"quantity"`
	Unit         string  `json:"unit"`
	ReceivedQty  string  `json:"receivedQty"`
	UnitPrice    string  `json:"unitPrice"`
	LineAmount   string  `json:"lineAmount"`
	RequiredDate *string `json:"requiredDate"`
}

func (o order) lean() leanOrder {
	lines := make([]leanLine, len(o.Lines))
	for i, l := range o.Lines {
		lines[i] = leanLine{l.LineID, l.LineNo, l.ItemID, l.Text, l.Quantity, l.Unit, l.ReceivedQty, l.UnitPrice, l.LineAmount, l.RequiredDate}
	}
	return leanOrder{o.ID, o.OrderNumber, o.Status, o.VendorID, o.BuyerID, o.OrderDate, o.RequiredDate, o.CurrencyCode,
		o.NetAmount, o.TaxAmount, o.GrossAmount, o.PaymentTerms, o.Note, o.ExternalRef, lines, o.stamps}
}

type requisition struct {
	ID           string            `json:"id"`
	Number       string            `json:"number"`
	Status       string            `json:"status"`
	RequesterID  string            `json:"requesterId"`
	RequestDate  string            `json:"requestDate"`
	RequiredDate *string           `json:"requiredDate"`
	CurrencyCode string            `json:"currencyCode"`
	NetAmount    string            `json:"netAmount"`
	Lines        []requisitionLine `json:"lines"`
	stamps
}

type requisitionLine struct {
	LineID       string  `json:"lineId"`
	LineNo       int     `json:"lineNo"`
	ItemID       string  `json:"itemId"`
	Text         string  `json:"text"`
	Quantity     string  `json:"quantity"`
	Unit         string  `json:"unit"`
	UnitPrice    string  `json:"unitPrice"`
	LineAmount   string  `json:"lineAmount"`
	RequiredDate *string `json:"requiredDate"`
}

type receipt struct {
	ID              string        `json:"id"`
	ReceiptNumber   string        `json:"receiptNumber"`
	PurchaseOrderID string        `json:"purchaseOrderId"`
	VendorID        string        `json:"vendorId"`
	WarehouseID     string        `json:"warehouseId"`
	Status          string        `json:"status"`
	ReceivedAt      string        `json:"receivedAt"`
	ReceivedByID    string        `json:"receivedById"`
	Lines           []receiptLine `json:"lines"`
	stamps
}

type receiptLine struct {
	LineID      string  `json:"lineId"`
	OrderLineID string  `json:"orderLineId"`
	ItemID      string  `json:"itemId"`
	Quantity    string  `json:"quantity"`
	Unit        string  `json:"unit"`
	LocationID  string  `json:"locationId"`
	Lot         *string `json:"lot"`
}

type invoice struct {
	ID              string        `json:"id"`
	InvoiceNumber   string        `json:"invoiceNumber"`
	Direction       string        `json:"direction"` // AP, AR
	VendorID        *string       `json:"vendorId"`
	CustomerID      *string       `json:"customerId"`
	PurchaseOrderID *string       `json:"purchaseOrderId"`
	Status          string        `json:"status"`
	InvoiceDate     string        `json:"invoiceDate"`
	DueDate         string        `json:"dueDate"`
	CurrencyCode    string        `json:"currencyCode"`
	NetAmount       string        `json:"netAmount"`
	TaxAmount       string        `json:"taxAmount"`
	GrossAmount     string        `json:"grossAmount"`
	OpenAmount      string        `json:"openAmount"`
	Lines           []invoiceLine `json:"lines"`
	stamps
}

type invoiceLine struct {
	LineID      string  `json:"lineId"`
	LineNo      int     `json:"lineNo"`
	OrderLineID *string `json:"purchaseOrderLineId"` // payables
	ItemID      string  `json:"itemId"`
	Text        string  `json:"text"`
	Quantity    string  `json:"quantity"`
	Unit        string  `json:"unit"`
	UnitPrice   string  `json:"unitPrice"`
	DiscountPct string  `json:"discountPct"`
	TaxAmount   string  `json:"taxAmount"`
	LineAmount  string  `json:"lineAmount"`
	AccountID   *string `json:"accountId"`
}

type salesOrder struct {
	ID            string      `json:"id"`
	OrderNumber   string      `json:"orderNumber"`
	Status        string      `json:"status"`
	CustomerID    string      `json:"customerId"`
	OrderDate     string      `json:"orderDate"`
	RequestedDate *string     `json:"requestedDate"`
	CurrencyCode  string      `json:"currencyCode"`
	NetAmount     string      `json:"netAmount"`
	TaxAmount     string      `json:"taxAmount"`
	GrossAmount   string      `json:"grossAmount"`
	ShipTo        address     `json:"shipTo"`
	BillTo        address     `json:"billTo"`
	Lines         []salesLine `json:"lines"`
	stamps
}

type salesLine struct {
	LineID      string `json:"lineId"`
	LineNo      int    `json:"lineNo"`
	ItemID      string `json:"itemId"`
	Text        string `json:"text"`
	Quantity    string `json:"quantity"`
	Unit        string `json:"unit"`
	ShippedQty  string `json:"shippedQty"`
	UnitPrice   string `json:"unitPrice"`
	DiscountPct string `json:"discountPct"`
	TaxAmount   string `json:"taxAmount"`
	LineAmount  string `json:"lineAmount"`
}
