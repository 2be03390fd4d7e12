package graphql_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	graphql "github.com/graph-gophers/graphql-go"
)

const schema = `
	schema { query: Query mutation: Mutation }
	scalar Time
	type Query {
		shop: Shop!
		vendors(first: Int!, after: String, filter: VendorFilter, orderBy: VendorOrder!): VendorConnection!
		vendor(id: ID!): Vendor
		items(offset: Int!, limit: Int!, changedSince: Int, sort: ItemOrder!): Items!
		item(id: Int!): Item
	}
	type Mutation {
		vendorCreate(input: VendorInput!): VendorPayload!
		vendorUpdate(input: VendorInput!): VendorPayload!
		vendorDelete(id: ID!): VendorPayload!
		itemCreate(input: ItemInput!): Item
	}
	enum VendorOrder { UPDATED_AT_ASC }
	enum ItemOrder { ID CHANGED_DESC }
	type Shop { product: String! version: String! owner: String! }
	input VendorFilter { updatedAt: TimeFilter createdAt: TimeFilter number: TextFilter }
	input TimeFilter { gte: String! }
	input TextFilter { eq: String! }
	input VendorInput { id: ID number: String name: String }
	input ItemInput { sku: String title: String! }
	type Vendor { id: ID! number: String name: String! createdAt: String! updatedAt: String! }
	type VendorConnection { totalCount: Int! pageInfo: PageInfo! edges: [VendorEdge!]! }
	type VendorEdge { node: Vendor! }
	type PageInfo { hasNextPage: Boolean! endCursor: String }
	type VendorPayload { vendor: Vendor userErrors: [UserError!]! }
	type UserError { code: String! message: String! }
	type Item { id: Int! sku: String title: String! changed: Int! }
	type Items { total: Int! rows: [Item!]! }
`

type (
	vendor struct {
		ID                   graphql.ID
		Number               *string
		Name                 string
		CreatedAt, UpdatedAt string
	}
	edge     struct{ Node *vendor }
	pageInfo struct {
		HasNextPage bool
		EndCursor   *string
	}
	connection struct {
		TotalCount int32
		PageInfo   pageInfo
		Edges      []edge
	}
	userError struct{ Code, Message string }
	payload   struct {
		Vendor     *vendor
		UserErrors []userError
	}
	shop struct{ Product, Version, Owner string }
	item struct {
		ID      int32
		Sku     *string
		Title   string
		Changed int32
	}
	items struct {
		Total int32
		Rows  []item
	}
	timeFilter   struct{ Gte string }
	textFilter   struct{ Eq string }
	vendorFilter struct {
		UpdatedAt, CreatedAt *timeFilter
		Number               *textFilter
	}
	vendorInput struct {
		ID           *graphql.ID
		Number, Name *string
	}
	itemInput struct {
		Sku   *string
		Title string
	}
)

// coded is an error with a code.
type coded struct{ code, message string }

func (c coded) Error() string { return c.message }

func (c coded) Extensions() map[string]any {
	return map[string]any{"code": c.code, "retryAfter": 7}
}

// shopSystem is a small strict system: its schema is checked by a real executor, its clock goes on with each change.
type shopSystem struct {
	mu      sync.Mutex
	clock   time.Time
	vendors []*vendor
	items   []item
	keys    map[string]item // by idempotency key
	stuck   bool            // its pages never end
	cap     int             // the most records of a page
	fails   string          // code of an error of the next call
	deep    bool            // the error comes after the work is done
	queries []map[string]any
}

const key = "s3cret-key"

func newShop(vendors, more int) *shopSystem {
	s := &shopSystem{clock: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), keys: map[string]item{}, cap: 4}
	for i := range vendors {
		s.add("V"+strconv.Itoa(i+1), "Vendor "+strconv.Itoa(i+1))
	}
	for i := range more {
		s.items = append(s.items, item{int32(i + 1), nil, "Item", int32(s.tick().Unix())})
	}
	return s
}

func (s *shopSystem) tick() time.Time {
	s.clock = s.clock.Add(time.Second)
	return s.clock
}

func (s *shopSystem) add(number, name string) *vendor {
	at := s.tick().Format(time.RFC3339)
	v := &vendor{graphql.ID("gid://" + strconv.Itoa(len(s.vendors)+1)), &number, name, at, at}
	s.vendors = append(s.vendors, v)
	return v
}

func (s *shopSystem) handler() http.Handler {
	executor := graphql.MustParseSchema(schema, s, graphql.UseFieldResolvers(), graphql.UseStringDescriptions())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Header.Get("Authorization") != "Bearer "+key {
			_, _ = fmt.Fprint(w, `{"errors":[{"message":"who are you?","extensions":{"code":"UNAUTHENTICATED"}}]}`)
			return
		}
		var q struct {
			Query     string
			Variables map[string]any
		}
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&q); err != nil || r.Method != http.MethodPost || r.URL.Path != "/graphql" || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for name := range q.Variables {
			if !strings.Contains(q.Query, "$"+name+":") {
				_, _ = fmt.Fprintf(w, `{"errors":[{"message":"there is no variable %s","extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]}`, name)
				return
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.queries = append(s.queries, q.Variables)
		answer := executor.Exec(context.WithValue(r.Context(), keyOf{}, r.Header.Get("Idempotency-Key")), q.Query, "", q.Variables)
		_ = json.NewEncoder(w).Encode(answer)
	})
}

type keyOf struct{}

// failing gives the error that was asked for, once.
func (s *shopSystem) failing() error {
	if code := s.fails; code != "" {
		s.fails = ""
		return coded{code, "no: " + key}
	}
	return nil
}

// Shop resolves the probe.
func (s *shopSystem) Shop() (*shop, error) {
	return &shop{"Acme", "2.7", "Acme Ltd"}, s.failing()
}

// Vendors resolves a Relay connection, whose cursor stands for a place in the order of change.
func (s *shopSystem) Vendors(a struct {
	First   int32
	After   *string
	Filter  *vendorFilter
	OrderBy string
}) (*connection, error) {
	if err := s.failing(); err != nil {
		return nil, err
	}
	place := func(v *vendor) string { return v.UpdatedAt + string(v.ID) }
	var all []*vendor
	for _, v := range s.vendors {
		if f := a.Filter; f != nil && (f.UpdatedAt != nil && v.UpdatedAt < f.UpdatedAt.Gte[:19] || f.CreatedAt != nil && v.CreatedAt < f.CreatedAt.Gte[:19] || f.Number != nil && (v.Number == nil || *v.Number != f.Number.Eq)) {
			continue
		}
		all = append(all, v)
	}
	slices.SortFunc(all, func(x, y *vendor) int { return strings.Compare(place(x), place(y)) })
	c := &connection{TotalCount: int32(len(all)), Edges: []edge{}}
	for _, v := range all {
		if a.After != nil && place(v) <= *a.After {
			continue
		}
		if len(c.Edges) >= min(int(a.First), s.cap) {
			c.PageInfo.HasNextPage = true
			break
		}
		end := place(v)
		c.Edges, c.PageInfo.EndCursor = append(c.Edges, edge{v}), &end
	}
	if s.stuck && len(c.Edges) > 0 {
		first := "2026-03-01T10:00:02Z"
		c.PageInfo = pageInfo{true, &first}
	}
	return c, nil
}

// Vendor resolves one record.
func (s *shopSystem) Vendor(a struct{ ID graphql.ID }) (*vendor, error) {
	return s.vendor(a.ID), s.failing()
}

func (s *shopSystem) vendor(id graphql.ID) *vendor {
	for _, v := range s.vendors {
		if v.ID == id {
			return v
		}
	}
	return nil
}

// Items resolves a counted list.
func (s *shopSystem) Items(a struct {
	Offset, Limit int32
	ChangedSince  *int32
	Sort          string
}) (*items, error) {
	all := slices.DeleteFunc(slices.Clone(s.items), func(i item) bool { return a.ChangedSince != nil && i.Changed < *a.ChangedSince })
	if a.Sort == "CHANGED_DESC" {
		slices.SortFunc(all, func(x, y item) int { return int(y.Changed - x.Changed) })
	}
	from := min(int(a.Offset), len(all))
	return &items{int32(len(all)), all[from:min(from+min(int(a.Limit), s.cap), len(all))]}, s.failing()
}

// Item resolves one record.
func (s *shopSystem) Item(a struct{ ID int32 }) *item {
	for _, i := range s.items {
		if i.ID == a.ID {
			return &i
		}
	}
	return nil
}

// VendorCreate resolves a mutation.
func (s *shopSystem) VendorCreate(a struct{ Input vendorInput }) (*payload, error) {
	if !s.deep {
		if err := s.failing(); err != nil {
			return nil, err
		}
	}
	if n := a.Input.Number; n != nil && slices.ContainsFunc(s.vendors, func(v *vendor) bool { return v.Number != nil && *v.Number == *n }) {
		return &payload{UserErrors: []userError{{"TAKEN", "the number is taken"}}}, nil
	}
	if a.Input.Name == nil || *a.Input.Name == "" {
		return &payload{UserErrors: []userError{{"BLANK", "a name is needed"}}}, nil
	}
	v := s.add("", *a.Input.Name)
	v.Number = a.Input.Number
	return &payload{Vendor: v, UserErrors: []userError{}}, s.failing()
}

// VendorUpdate resolves a mutation.
func (s *shopSystem) VendorUpdate(a struct{ Input vendorInput }) (*payload, error) {
	if err := s.failing(); err != nil {
		return nil, err
	}
	v := s.vendor(*a.Input.ID)
	if v == nil {
		return &payload{UserErrors: []userError{{"NOT_FOUND", "there is none"}}}, nil
	}
	if a.Input.Name != nil {
		v.Name = *a.Input.Name
	}
	v.UpdatedAt = s.tick().Format(time.RFC3339)
	return &payload{Vendor: v, UserErrors: []userError{}}, nil
}

// VendorDelete resolves a mutation.
func (s *shopSystem) VendorDelete(a struct{ ID graphql.ID }) (*payload, error) {
	if s.vendor(a.ID) == nil {
		return &payload{UserErrors: []userError{{"NOT_FOUND", "there is none"}}}, nil
	}
	s.vendors = slices.DeleteFunc(s.vendors, func(v *vendor) bool { return v.ID == a.ID })
	return &payload{UserErrors: []userError{}}, nil
}

// ItemCreate resolves a mutation that knows its key again.
func (s *shopSystem) ItemCreate(ctx context.Context, a struct{ Input itemInput }) (*item, error) {
	given, _ := ctx.Value(keyOf{}).(string)
	if made, ok := s.keys[given]; ok && given != "" {
		return &made, nil
	}
	made := item{int32(len(s.items) + 1), a.Input.Sku, a.Input.Title, int32(s.tick().Unix())}
	s.items, s.keys[given] = append(s.items, made), made
	return &made, nil
}
