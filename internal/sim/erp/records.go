package erp

// The records of the API, as JSON shows them. Amounts, prices and quantities are decimal text; times are ISO 8601 in UTC with
// microseconds; days are YYYY-MM-DD; what is not known is null.

type address struct {
	Name        *string `json:"name,omitempty"`
	Street      string  `json:"street"`
	Street2     *string `json:"street2"`
	Postcode    string  `json:"postcode"`
	City        string  `json:"city"`
	Region      *string `json:"region"`
	CountryCode string  `json:"countryCode"`
}

type contact struct {
	Name     string  `json:"name"`
	Position *string `json:"position"`
	Phone    *string `json:"phone"`
	Mail     *string `json:"mail"`
}

type stamps struct {
	CreatedAt string `json:"createdAt"`
	UpdatedAt string `json:"updatedAt"`
}

type company struct {
	ID           string  `json:"id"`
	CompanyCode  string  `json:"companyCode"`
	Name         string  `json:"name"`
	CurrencyCode string  `json:"currencyCode"`
	TaxID        string  `json:"taxId"`
	Address      address `json:"address"`
	stamps
}

type warehouse struct {
	ID          string  `json:"id"`
	Code        string  `json:"code"`
	Name        string  `json:"name"`
	CompanyID   string  `json:"companyId"`
	Description *string `json:"description"`
	Address     address `json:"address"`
	Latitude    string  `json:"latitude"`
	Longitude   string  `json:"longitude"`
	TimeZone    string  `json:"timeZone"`
	Active      bool    `json:"active"`
	stamps
}

type location struct {
	ID          string  `json:"id"`
	WarehouseID string  `json:"warehouseId"`
	ParentID    *string `json:"parentId"`
	Code        string  `json:"code"`
	Name        string  `json:"name"`
	Kind        string  `json:"kind"`
	Description *string `json:"description"`
	Active      bool    `json:"active"`
	stamps
}

type user struct {
	ID       string  `json:"id"`
	Login    string  `json:"login"`
	FullName string  `json:"fullName"`
	Mail     *string `json:"mail"`
	Role     string  `json:"role"`
	Active   bool    `json:"active"`
	stamps
}

type unit struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	UNCode   *string `json:"unCode"`
	BaseUnit *string `json:"baseUnit"`
	Factor   string  `json:"factor"`
	Active   bool    `json:"active"`
	stamps
}

type currency struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Base bool   `json:"base"`
	stamps
}

type account struct {
	ID     string `json:"id"`
	Code   string `json:"code"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Active bool   `json:"active"`
	stamps
}

type status struct {
	ID       string `json:"id"`
	Document string `json:"document"`
	Code     string `json:"code"`
	Name     string `json:"name"`
	Meaning  string `json:"meaning"`
	Active   bool   `json:"active"`
	stamps
}

// partner is what vendors and customers share.
type partner struct {
	Name         string    `json:"name"`
	TaxID        *string   `json:"taxId"`
	Mail         *string   `json:"mail"`
	Phone        *string   `json:"phone"`
	Web          *string   `json:"web"`
	Address      address   `json:"address"`
	Contacts     []contact `json:"contacts"`
	CurrencyCode string    `json:"currencyCode"`
	PaymentTerms string    `json:"paymentTerms"`
	Active       bool      `json:"active"`
}

type vendor struct {
	ID           string `json:"id"`
	VendorNumber string `json:"vendorNumber"`
	partner
	stamps
}

type customer struct {
	ID             string `json:"id"`
	CustomerNumber string `json:"customerNumber"`
	partner
	stamps
}

type supplier struct {
	SupplierID string  `json:"supplierId"`
	VendorID   string  `json:"vendorId"`
	PartNumber *string `json:"partNumber"`
	Price      string  `json:"price"`
	Currency   string  `json:"currency"`
	LeadTime   string  `json:"leadTime"` // ISO 8601: P14D
	MinOrder   string  `json:"minOrder"`
}

type item struct {
	ID            string     `json:"id"`
	ItemNumber    string     `json:"itemNumber"`
	Name          string     `json:"name"`
	LongText      *string    `json:"longText"`
	ItemType      string     `json:"itemType"`
	Category      string     `json:"category"`
	BaseUnit      string     `json:"baseUnit"`
	Manufacturer  *string    `json:"manufacturer"`
	MfrPartNumber *string    `json:"mfrPartNumber"`
	EAN           *string    `json:"ean"`
	StandardCost  string     `json:"standardCost"`
	ListPrice     *string    `json:"listPrice"`
	PriceCurrency string     `json:"priceCurrency"`
	Stocked       bool       `json:"stocked"`
	Active        bool       `json:"active"`
	Suppliers     []supplier `json:"suppliers"`
	stamps
}

type stock struct {
	ID           string  `json:"id"`
	ItemID       string  `json:"itemId"`
	LocationID   string  `json:"locationId"`
	Lot          *string `json:"lot"`
	Serial       *string `json:"serial"`
	Unit         string  `json:"unit"`
	OnHand       string  `json:"onHand"`
	Available    string  `json:"available"`
	Reserved     string  `json:"reserved"`
	OnOrder      string  `json:"onOrder"`
	ReorderPoint *string `json:"reorderPoint"`
	ReorderQty   *string `json:"reorderQty"`
	Min          *string `json:"min"`
	Max          *string `json:"max"`
	UnitCost     string  `json:"unitCost"`
	CostCurrency string  `json:"costCurrency"`
	CountedAt    *string `json:"countedAt"`
	stamps
}
