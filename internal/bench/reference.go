package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/zeebo/xxh3"
)

// The reference pipe is what a careful programmer would write by hand for one system and one entity, with types: fetch, decode, map, hash,
// upsert. It has no checkpoints, feed, epochs, quarantine, or second system: it is the bar for speed, not for duty.

type sourceLine struct {
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

type sourceOrder struct {
	ID           string       `json:"id"`
	OrderNumber  string       `json:"orderNumber"`
	Status       string       `json:"status"`
	VendorID     string       `json:"vendorId"`
	BuyerID      string       `json:"buyerId"`
	OrderDate    string       `json:"orderDate"`
	RequiredDate *string      `json:"requiredDate"`
	CurrencyCode string       `json:"currencyCode"`
	NetAmount    string       `json:"netAmount"`
	TaxAmount    string       `json:"taxAmount"`
	GrossAmount  string       `json:"grossAmount"`
	PaymentTerms string       `json:"paymentTerms"`
	Note         *string      `json:"note"`
	Lines        []sourceLine `json:"lines"`
	CreatedAt    string       `json:"createdAt"`
	UpdatedAt    string       `json:"updatedAt"`
}

type money struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

type quantity struct {
	Value    string  `json:"value"`
	Unit     string  `json:"unit"`
	UnitCode *string `json:"unit_code"`
}

type unifiedLine struct {
	ID           string   `json:"id"`
	RemoteID     string   `json:"remote_id"`
	LineNumber   int      `json:"line_number"`
	ItemID       string   `json:"item_id"`
	Description  string   `json:"description"`
	Quantity     quantity `json:"quantity"`
	Received     quantity `json:"received_quantity"`
	UnitPrice    money    `json:"unit_price"`
	LineTotal    money    `json:"line_total"`
	RequiredDate *string  `json:"required_date"`
}

type unifiedOrder struct {
	ID              string        `json:"id"`
	RemoteID        string        `json:"remote_id"`
	ConnectionID    string        `json:"connection_id"`
	Entity          string        `json:"entity"`
	DisplayID       string        `json:"display_id"`
	RemoteCreatedAt string        `json:"remote_created_at"`
	RemoteUpdatedAt string        `json:"remote_updated_at"`
	Number          string        `json:"number"`
	VendorID        string        `json:"vendor_id"`
	BuyerID         string        `json:"buyer_id"`
	Status          string        `json:"status"`
	StatusSource    string        `json:"status_source"`
	OrderDate       string        `json:"order_date"`
	RequiredDate    *string       `json:"required_date"`
	Currency        string        `json:"currency"`
	Subtotal        money         `json:"subtotal"`
	TaxTotal        money         `json:"tax_total"`
	Total           money         `json:"total"`
	PaymentTerms    string        `json:"payment_terms"`
	Notes           *string       `json:"notes"`
	Lines           []unifiedLine `json:"lines"`
}

var referenceStatus = map[string]string{"DRAFT": "draft", "OPEN": "approved", "PARTIAL": "partially_received", "RECEIVED": "received", "CLOSED": "closed", "CANCELLED": "cancelled"}

var referenceUnits = map[string]string{"PCS": "C62", "KG": "KGM", "M": "MTR", "L": "LTR", "SET": "SET"}

func unitOf(value, unit string) quantity {
	q := quantity{Value: value, Unit: unit}
	if code, ok := referenceUnits[unit]; ok {
		q.UnitCode = &code
	}
	return q
}

func refID(space uuid.UUID, entity, remote string) string {
	return uuid.NewSHA1(space, []byte(entity+"\x00"+remote)).String()
}

func mapOrder(space uuid.UUID, o *sourceOrder) unifiedOrder {
	id := uuid.NewSHA1(space, []byte("purchase-orders\x00"+o.ID))
	u := unifiedOrder{
		ID: id.String(), RemoteID: o.ID, ConnectionID: space.String(), Entity: "purchase-orders", DisplayID: o.OrderNumber,
		RemoteCreatedAt: o.CreatedAt, RemoteUpdatedAt: o.UpdatedAt, Number: o.OrderNumber,
		VendorID: refID(space, "vendors", o.VendorID), BuyerID: refID(space, "users", o.BuyerID),
		Status: referenceStatus[o.Status], StatusSource: o.Status, OrderDate: o.OrderDate, RequiredDate: o.RequiredDate,
		Currency: o.CurrencyCode, Subtotal: money{o.NetAmount, o.CurrencyCode}, TaxTotal: money{o.TaxAmount, o.CurrencyCode},
		Total: money{o.GrossAmount, o.CurrencyCode}, PaymentTerms: o.PaymentTerms, Notes: o.Note,
		Lines: make([]unifiedLine, len(o.Lines)),
	}
	for i, l := range o.Lines {
		u.Lines[i] = unifiedLine{
			ID: refID(id, "lines", l.LineID), RemoteID: l.LineID, LineNumber: l.LineNo, ItemID: refID(space, "items", l.ItemID),
			Description: l.Text, Quantity: unitOf(l.Quantity, l.Unit), Received: unitOf(l.ReceivedQty, l.Unit),
			UnitPrice: money{l.UnitPrice, o.CurrencyCode}, LineTotal: money{l.LineAmount, o.CurrencyCode}, RequiredDate: l.RequiredDate,
		}
	}
	return u
}

// reference is the pipe with a database of its own.
type reference struct {
	rows   referenceRows
	source string
	key    string
	space  uuid.UUID
}

// referenceRows is what the reference asks of its database.
type referenceRows interface {
	// hashes gives the hashes of those ids that are stored.
	hashes(ctx context.Context, ids []uuid.UUID) (map[[16]byte]bool, error)
	// upsert stores a page in one transaction; a row whose hash is stored already is left alone.
	upsert(ctx context.Context, rows []row) error
}

// run fetches every page; with skip it decodes only what a hash of the raw bytes says has changed.
func (r *reference) run(ctx context.Context, skip bool) (n int, err error) {
	pages := make(chan []jsontext.Value, 1)
	failed := make(chan error, 1)
	go func() {
		defer close(pages)
		failed <- eachPage(ctx, r.source, r.key, func(p []jsontext.Value) error { pages <- p; return nil })
	}()
	for page := range pages {
		n += len(page)
		if err := r.store(ctx, page, skip); err != nil {
			return n, err
		}
	}
	return n, <-failed
}

type row struct {
	id   uuid.UUID
	hash [16]byte
	uni  []byte
	raw  []byte
}

func (r *reference) store(ctx context.Context, page []jsontext.Value, skip bool) error {
	rows := make([]row, 0, len(page))
	if skip {
		known, err := r.hashes(ctx, page)
		if err != nil {
			return err
		}
		page = changed(page, known)
	}
	for _, raw := range page {
		var o sourceOrder
		if err := json.Unmarshal(raw, &o); err != nil {
			return err
		}
		u := mapOrder(r.space, &o)
		uni, err := json.Marshal(&u)
		if err != nil {
			return err
		}
		rows = append(rows, row{uuid.MustParse(u.ID), xxh3.Hash128(raw).Bytes(), uni, raw})
	}
	if len(rows) == 0 {
		return nil
	}
	return r.rows.upsert(ctx, rows)
}

// hashes looks up which raw bytes are stored, by hash.
func (r *reference) hashes(ctx context.Context, page []jsontext.Value) (map[[16]byte]bool, error) {
	ids := make([]uuid.UUID, len(page))
	for i, raw := range page {
		var o struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(raw, &o); err != nil {
			return nil, err
		}
		ids[i] = uuid.NewSHA1(r.space, []byte("purchase-orders\x00"+o.ID))
	}
	return r.rows.hashes(ctx, ids)
}

func changed(page []jsontext.Value, known map[[16]byte]bool) []jsontext.Value {
	var out []jsontext.Value
	for _, raw := range page {
		if !known[xxh3.Hash128(raw).Bytes()] {
			out = append(out, raw)
		}
	}
	return out
}

// eachPage reads the source's purchase orders to the end; records are split, not decoded.
func eachPage(ctx context.Context, source, key string, use func([]jsontext.Value) error) error {
	for cursor := ""; ; {
		var page struct {
			Data       []jsontext.Value `json:"data"`
			NextCursor *string          `json:"nextCursor"`
		}
		body, err := get(ctx, fmt.Sprintf("%s/api/v1/purchase-orders?limit=500&cursor=%s", source, cursor), key)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(body, &page, jsontext.AllowDuplicateNames(true)); err != nil {
			return err
		}
		if err := use(page.Data); err != nil {
			return err
		}
		if page.NextCursor == nil || *page.NextCursor == "" {
			return nil
		}
		cursor = *page.NextCursor
	}
}

func get(ctx context.Context, url, bearer string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %d: %.200s", req.URL.Path, resp.StatusCode, body)
	}
	return body, err
}
