package soap_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/soap"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/sim/fault"
	"github.com/busbar-dev/busbar/model"
)

// example is the manifest on the driver's page, with a part of it replaced.
func example(t *testing.T, replace ...string) (*manifest.System, error) {
	t.Helper()
	page, err := os.ReadFile("../../../docs/connectors/soap.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	for i := 0; i+1 < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("the example has no %q", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{"acme/manifest.yaml": {Data: []byte(text)}, "acme/guide.md": {Data: []byte("# Acme\n")}}
	return manifest.LoadSystem(folder, "acme", m, map[string]manifest.Checker{"soap": soap.New()})
}

// world is the system of server_test.go, and a client that the example makes.
type world struct {
	driver.Client
	driver.Writer
	office *office
	system *manifest.System

	mu     sync.Mutex
	faults []*fault.Fault // of the next calls
}

func (w *world) next(*http.Request) *fault.Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.faults) == 0 {
		return nil
	}
	f := w.faults[0]
	w.faults = w.faults[1:]
	return f
}

func start(t *testing.T, vendors, items int, login string, replace ...string) *world {
	t.Helper()
	w := &world{office: newOffice(vendors, items)}
	var err error
	if w.system, err = example(t, replace...); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(fault.Spoiler{Plan: w.next, Name: "Acme"}.Handler(w.office))
	t.Cleanup(server.Close)
	g := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}})
	t.Cleanup(g.Close)
	login2 := map[string]string{"url": server.URL + "/", "username": "ann", "password": login, "company": "1 & <2>"}
	w.Client, err = soap.New().Open(w.system, driver.Config{Credentials: secret.NewCredentials(login2).Public("url", "username", "company"),
		HTTP: g.Client(egress.ClientConfig{Attempts: 1}), Now: func() time.Time { return w.office.clock }, TimeZone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	w.Writer = w.Client.(driver.Writer)
	return w
}

// drain reads a list to its end, through tokens that are kept as text, and gives the ids that the mapping makes.
func (w *world) drain(t *testing.T, entity string, r driver.Request) (records []string, last *driver.Page, err error) {
	t.Helper()
	r.Entity, r.Limit = w.system.Entity(entity), 50
	m, err := mapping.Compile(w.system, r.Entity, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		page, err := w.Fetch(t.Context(), r)
		if err != nil {
			return records, last, err
		}
		for _, record := range page.Records {
			id, err := m.RemoteID(record)
			if err != nil {
				t.Fatal(err)
			}
			records = append(records, id)
		}
		if last = page; page.Next == nil {
			return records, last, nil
		}
		r.Token = json.RawMessage(string(page.Next))
	}
	t.Fatal("the pages never end")
	return nil, nil, nil
}

func TestTheProbeTellsWhoAnswers(t *testing.T) {
	t.Parallel()
	for _, replace := range [][]string{nil, {"style: digest", "style: text"}, {`version: "1.1"`, `version: "1.2"`}} {
		w := start(t, 0, 0, password, replace...)
		if len(replace) > 0 && strings.Contains(replace[1], "1.2") {
			w.office.version = "1.2"
		}
		for range 2 {
			if p, err := w.Probe(t.Context()); err != nil || p != (driver.Probe{Version: "2.7", Account: "Ann"}) {
				t.Errorf("%v: %+v %v", replace, p, err)
			}
		}
	}
	if _, err := start(t, 0, 0, password, "Product: Acme}", "Product: Other}").Probe(t.Context()); driver.KindOf(err) != driver.NotSystem {
		t.Errorf("another system: %v", err)
	}
	_, err := start(t, 0, 0, "wrong").Probe(t.Context())
	if e, ok := err.(*driver.Error); !ok || e.Kind != driver.Credentials || e.Field != "password" || e.Code != "FailedAuthentication" {
		t.Errorf("a wrong password: %#v", err)
	}
	w := start(t, 0, 0, password, `version: "1.1"`, `version: "1.2"`)
	w.office.version, w.office.fails = "1.2", "E429"
	if _, err := w.Probe(t.Context()); driver.KindOf(err) != driver.Fault { // SOAP 1.2 writes Detail
		t.Errorf("a fault of SOAP 1.2: %v", err)
	}
}

func TestACountedListIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	w := start(t, 9, 0, password)
	ids, last, err := w.drain(t, "vendors", driver.Request{})
	if err != nil || len(ids) != 9 || ids[0] != "V-1" || last.Total != 9 || !last.Ordered || last.Unproved {
		t.Fatalf("%v %+v %v", ids, last, err)
	}
	if strings.Contains(w.office.seen[0], "Filter") || strings.Contains(w.office.seen[0], "if:") {
		t.Errorf("the first page is asked for with %s", w.office.seen[0])
	}
	ids, _, err = w.drain(t, "vendors", driver.Request{Since: w.office.clock.Add(-2 * time.Second)})
	if err != nil || strings.Join(ids, " ") != "V-7 V-8 V-9" {
		t.Errorf("changes: %v %v", ids, err)
	}
	for n := range 2 {
		if ids, _, err := start(t, n, 0, password).drain(t, "vendors", driver.Request{}); err != nil || len(ids) != n {
			t.Errorf("%d: %v %v", n, ids, err)
		}
	}
	page, err := w.Fetch(t.Context(), driver.Request{Entity: w.system.Entity("vendors"), Limit: 4})
	if err != nil || !page.HighWater.Equal(time.Date(2026, 3, 1, 10, 0, 4, 0, time.UTC)) {
		t.Fatalf("%+v %v", page, err)
	}
	w.office.vendors = slices.Delete(w.office.vendors, 1, 2)
	_, err = w.Fetch(t.Context(), driver.Request{Entity: w.system.Entity("vendors"), Limit: 4, Token: page.Next})
	if driver.KindOf(err) != driver.TokenGone {
		t.Errorf("a record that was read has gone: %v", err)
	}
	w.office.stuck = true
	if _, _, err := w.drain(t, "vendors", driver.Request{}); driver.KindOf(err) != driver.Torn && driver.KindOf(err) != driver.TokenGone {
		t.Errorf("the same page again: %v", err)
	}
}

func TestAListWithACursorIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 9} {
		w := start(t, 0, n, password)
		ids, _, err := w.drain(t, "items", driver.Request{})
		if err != nil || len(ids) != n {
			t.Errorf("%d: %v %v", n, ids, err)
		}
		page, err := w.Fetch(t.Context(), driver.Request{Entity: w.system.Entity("items")})
		if want := `{"@id":"1","Sku":"S1","Title":{"@lang":"en","#text":"Item \u0026 1"}}`; n > 0 && (err != nil || string(page.Records[0]) != want) {
			t.Errorf("%s %v", page.Records, err)
		}
	}
}

// TestNumberedPagesProveLess: records that move between them cannot be noticed.
func TestNumberedPagesProveLess(t *testing.T) {
	t.Parallel()
	w := start(t, 9, 0, password, "<m:From>{offset}</m:From>", "<m:Page>{page}</m:Page>", "style: offset", "style: page")
	first, err := w.Fetch(t.Context(), driver.Request{Entity: w.system.Entity("vendors"), Limit: 4})
	if err != nil || first.Unproved || first.HighWater.IsZero() {
		t.Errorf("the first page: %+v %v", first, err)
	}
	ids, last, err := w.drain(t, "vendors", driver.Request{})
	if err != nil || len(ids) != 9 || !last.Unproved || last.Ordered || !last.HighWater.IsZero() {
		t.Errorf("%v %+v %v", ids, last, err)
	}
	w.office.stuck = true
	if _, _, err := w.drain(t, "vendors", driver.Request{}); driver.KindOf(err) != driver.Torn {
		t.Errorf("the same page again: %v", err)
	}
}

// TestAMissingListProvesNothingBesideOtherElements: it may have got another name.
func TestAMissingListProvesNothingBesideOtherElements(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		"<ListItemsResponse><HasMore>0</HasMore></ListItemsResponse>":                  false,
		"<ListItemsResponse><HasMore>0</HasMore><Article id='1'/></ListItemsResponse>": true,
	} {
		w := start(t, 0, 0, password)
		w.faults = []*fault.Fault{{Body: strings.Replace(listAnswer, "%", body, 1)}}
		page, err := w.Fetch(t.Context(), driver.Request{Entity: w.system.Entity("items")})
		if err != nil || page.Unproved != want || len(page.Records) != 0 || page.Next != nil {
			t.Errorf("%s: %+v %v", body, page, err)
		}
	}
	w := start(t, 1, 0, password)
	w.faults = []*fault.Fault{{Body: strings.Replace(listAnswer, "%", "<GetVendorResponse><Supplier><Id>V-1</Id></Supplier></GetVendorResponse>", 1)}}
	if record, err := w.ReadOne(t.Context(), w.system.Entity("vendors"), "V-1"); driver.KindOf(err) != driver.Torn {
		t.Errorf("one under another name: %s %v", record, err)
	}
}

const listAnswer = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>%</s:Body></s:Envelope>`

// TestNoPageIsTakenFromABadAnswer: whatever comes in place of a page is an error of the right kind.
func TestNoPageIsTakenFromABadAnswer(t *testing.T) {
	t.Parallel()
	w := start(t, 9, 0, password)
	in := func(body string) *fault.Fault { return &fault.Fault{Body: strings.Replace(listAnswer, "%", body, 1)} }
	deep := strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)
	for name, c := range map[string]struct {
		fault *fault.Fault
		fails string
		want  driver.Kind
	}{
		"torn":             {&fault.Fault{Cut: 80}, "", driver.Torn},
		"cut":              {&fault.Fault{Rewrite: func(b []byte) []byte { return b[:len(b)-5] }}, "", driver.Torn},
		"login page":       {&fault.Fault{LoginPage: true}, "", driver.NotSystem},
		"429":              {&fault.Fault{Status: 429, Body: "wait"}, "", driver.RateLimited},
		"503":              {&fault.Fault{Status: 503, Body: "down"}, "", driver.Fault},
		"other XML":        {&fault.Fault{Body: "<rss/>"}, "", driver.Torn},
		"a document type":  {&fault.Fault{Body: `<!DOCTYPE x [<!ENTITY a "b">]>` + strings.Replace(listAnswer, "%", "<ListVendorsResponse/>", 1)}, "", driver.Torn},
		"an entity":        {in("<ListVendorsResponse>&nbsp;</ListVendorsResponse>"), "", driver.Torn},
		"too deep":         {in(deep), "", driver.Torn},
		"two envelopes":    {&fault.Fault{Body: strings.Repeat(strings.Replace(listAnswer, "%", "<ListVendorsResponse/>", 1), 2)}, "", driver.Torn},
		"another answer":   {in("<ListItemsResponse/>"), "", driver.Torn},
		"no body":          {in(""), "", driver.Torn},
		"text for records": {in("<ListVendorsResponse><Vendors><Vendor>x</Vendor></Vendors></ListVendorsResponse>"), "", driver.Torn},
		"too few":          {in("<ListVendorsResponse><Total>3</Total></ListVendorsResponse>"), "", driver.Torn},
		"own code":         {nil, "E429", driver.RateLimited},
		"login":            {nil, "E401", driver.Credentials},
		"client":           {nil, "Client", driver.Invalid},
		"server":           {nil, "Server", driver.Fault},
		"fault of 1.2":     {in(`<Fault xmlns="http://www.w3.org/2003/05/soap-envelope"><Code><Value>Receiver</Value></Code></Fault><ListVendorsResponse/>`), "", driver.Fault},
		"fault in a 200":   {in("<s:Fault><faultcode>s:Server</faultcode></s:Fault>"), "", driver.Fault},
	} {
		w.faults, w.office.fails = nil, c.fails
		if c.fault != nil {
			w.faults = []*fault.Fault{c.fault}
		}
		_, err := w.Fetch(t.Context(), driver.Request{Entity: w.system.Entity("vendors"), Limit: 4})
		if driver.KindOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func (w *world) command(op manifest.Op, id, body string) driver.Command {
	c := driver.Command{Entity: w.system.Entity("vendors"), Op: op, RemoteID: id, Mark: "bb-1"}
	if body != "" {
		c.Body = []byte(body)
	}
	return c
}

func (w *world) write(t *testing.T, c driver.Command) (driver.Written, error) {
	t.Helper()
	return w.Write(egress.AsWrite(t.Context(), egress.Sending{Fresh: true}), c)
}

func TestWritesHaveTheirEffectOnce(t *testing.T) {
	t.Parallel()
	w := start(t, 2, 0, password)
	evil := `</m:Name><m:Number>9</m:Number> & "'{id}]]>`
	body, _ := json.Marshal(map[string]string{"Name": evil, "Number": "N1"})
	made, err := w.write(t, w.command(manifest.Create, "", string(body)))
	if err != nil || made.RemoteID != "V-3" || w.office.vendors[2].Name != evil || w.office.vendors[2].Number != "N1" {
		t.Fatalf("create: %+v %+v %v", made, w.office.vendors, err)
	}
	record, err := w.ReadOne(t.Context(), w.system.Entity("vendors"), "V-3")
	if err != nil || !strings.Contains(string(record), `"Revision":"1"`) {
		t.Fatalf("read one: %s %v", record, err)
	}
	update := w.command(manifest.Update, "V-3", `{"Name":"Nut"}`)
	update.Insist, update.Current = true, record
	if got, err := w.write(t, update); err != nil || !strings.Contains(string(got.Record), `"Revision":"2"`) || w.office.vendors[2].Name != "Nut" {
		t.Errorf("update: %+v %v", got, err)
	}
	if _, err := w.write(t, update); driver.FateOf(err) != driver.Conflicts {
		t.Errorf("update of what has changed: %v", err)
	}
	if _, err := w.write(t, w.command(manifest.Delete, "V-3", "")); err != nil || len(w.office.vendors) != 2 {
		t.Errorf("delete: %v", err)
	}
	if _, err := w.write(t, w.command(manifest.Delete, "V-3", "")); driver.FateOf(err) != driver.Missing {
		t.Errorf("delete again: %v", err)
	}
	if record, err := w.ReadOne(t.Context(), w.system.Entity("vendors"), "V-3"); err != nil || record != nil {
		t.Errorf("read one that is gone: %s %v", record, err)
	}
	sent := len(w.office.seen)
	if _, err := w.write(t, w.command(manifest.Create, "", `{"Name":"a\u0007b"}`)); driver.FateOf(err) != driver.Refused || len(w.office.seen) != sent {
		t.Errorf("what XML cannot carry: %v", err)
	}
	if _, err := w.write(t, w.command(manifest.Create, "", `{"a b":"x"}`)); driver.FateOf(err) != driver.Refused || len(w.office.seen) != sent {
		t.Errorf("no name of an element: %v", err)
	}
}

// TestMembersBecomeElements in an order that does not depend on chance.
func TestMembersBecomeElements(t *testing.T) {
	t.Parallel()
	w := start(t, 0, 0, password)
	_, _ = w.write(t, w.command(manifest.Create, "", `{"b":[1,{"@u":"kg","#text":2.50}],"Name":"x","a":{"z":true,"Name":null}}`))
	want := `<m:Vendor><m:Name>x</m:Name><m:a><m:Name xsi:nil="true"/><m:z>true</m:z></m:a><m:b>1</m:b><m:b u="kg">2.50</m:b></m:Vendor>`
	if got := w.office.seen[0]; !strings.Contains(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestAnAnswerProvesNoMoreThanItSays: only a fault whose code the manifest knows closes a write.
func TestAnAnswerProvesNoMoreThanItSays(t *testing.T) {
	t.Parallel()
	in := func(body string) *fault.Fault {
		return &fault.Fault{Execute: true, Body: strings.Replace(listAnswer, "%", body, 1)}
	}
	for name, c := range map[string]struct {
		fault *fault.Fault
		fails string
		body  string
		want  driver.Fate
		made  int
	}{
		"taken":          {nil, "", `{"Number":"V1","Name":"x"}`, driver.Doubled, 1},
		"blank":          {nil, "", `{"Name":""}`, driver.Refused, 1},
		"rate limited":   {nil, "E429", `{"Name":"x"}`, driver.NotSent, 1},
		"login":          {nil, "E401", `{"Name":"x"}`, driver.NotSent, 1},
		"client":         {nil, "Client", `{"Name":"x"}`, driver.Unknown, 1},
		"server":         {nil, "Server", `{"Name":"x"}`, driver.Unknown, 1},
		"unknown code":   {nil, "E999", `{"Name":"x"}`, driver.Unknown, 1},
		"lost":           {&fault.Fault{Execute: true, Drop: true}, "", `{"Name":"x"}`, driver.Unknown, 2},
		"torn":           {&fault.Fault{Cut: 100}, "", `{"Name":"x"}`, driver.Unknown, 2},
		"login page":     {&fault.Fault{Execute: true, LoginPage: true}, "", `{"Name":"x"}`, driver.Unknown, 2},
		"400":            {&fault.Fault{Execute: true, Status: 400, Body: "no"}, "", `{"Name":"x"}`, driver.Unknown, 2},
		"no id":          {in("<CreateVendorResponse/>"), "", `{"Name":"x"}`, driver.Unknown, 2},
		"nil id":         {in("<CreateVendorResponse><Id/></CreateVendorResponse>"), "", `{"Name":"x"}`, driver.Unknown, 2},
		"another answer": {in("<Other/>"), "", `{"Name":"x"}`, driver.Unknown, 2},
	} {
		w := start(t, 1, 0, password)
		w.office.fails = c.fails
		if c.fault != nil {
			w.faults = []*fault.Fault{c.fault}
		}
		_, err := w.write(t, w.command(manifest.Create, "", c.body))
		if err == nil || driver.FateOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		w.office.mu.Lock()
		if len(w.office.vendors) != c.made {
			t.Errorf("%s: there are %d vendors", name, len(w.office.vendors))
		}
		w.office.mu.Unlock()
	}
	w := start(t, 1, 0, password)
	w.faults = []*fault.Fault{{Body: strings.Replace(listAnswer, "%", "<DeleteVendorResponse/>", 1)}}
	if _, err := w.write(t, w.command(manifest.Delete, "V-1", "")); driver.FateOf(err) != driver.Unknown || err == nil {
		t.Errorf("a deletion that does not say that it was done: %v", err)
	}
}

func TestLostWritesAreFound(t *testing.T) {
	t.Parallel()
	w := start(t, 9, 0, password)
	w.office.vendors[5].Number = `O'N"1 & <co>`
	entity := w.system.Entity("vendors")
	for value, want := range map[string]int{`O'N"1 & <co>`: 1, "none": 0} {
		found, err := w.Search(t.Context(), driver.Search{Entity: entity, Rung: &entity.Operations[manifest.Create].Ladder[0], Value: value})
		if err != nil || len(found) != want {
			t.Errorf("%q: %s %v", value, found, err)
		}
	}
}

func TestWrongOptionsAreNamedWithTheirMend(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ was, is, want string }{
		{`version: "1.1"`, `version: "1.3"`, "connect.version: unknown word"},
		{`password: "{password}"}`, `password: "{secret}"}`, "{secret} is not a field of the login"},
		{"namespaces: {m:", "namespaces: {xsi:", "the prefix xsi cannot be given"},
		{"<m:Company>{company}</m:Company>", "<m:Company>{company}", "<m:Company> is not closed"},
		{"<m:Company>{company}</m:Company>", "<m:Company>{since}</m:Company>", "{since} is not a field of the login"},
		{"E404: gone", "E404: nope", "unknown word \"nope\""},
		{"<m:WhoAmI/>", "<m:WhoAmI/><m:Again/>", "connect.probe.body: is not one element"},
		{"<m:WhoAmI/>", "<!DOCTYPE x><m:WhoAmI/>", "it holds a declaration"},
		{"<m:Filter if:given=\"since\"><m:Field>ChangedAt</m:Field><m:From>{since}</m:From></m:Filter>", "", "takes no {since}"},
		{"<m:From>{offset}</m:From>", "", "takes no {offset}"},
		{"<m:Vendor>{members}</m:Vendor>", "<m:Vendor>a {members}</m:Vendor>", "stand alone"},
		{"<m:Revision>{version}</m:Revision>", "", "the operation insists, and nothing tells the system"},
		{"sequence: [Number, Name]", "sequence: [Number, Number]", "stands twice"},
		{"<m:DeleteVendor><m:Id>{id}</m:Id>", "<m:DeleteVendor><m:Id>{key}</m:Id>", "takes no {id}"},
		{"GetVendorResponse/Vendor}", "GetVendorResponse/Vendor, records: x}", "unknown key"},
		{"value: OK, ", "", "result needs value"},
	} {
		_, err := example(t, c.was, c.is)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "acme/manifest.yaml:") {
			t.Errorf("%s: %v, want %s", c.is, err, c.want)
		}
	}
}
