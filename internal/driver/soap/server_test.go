package soap_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

type vendor struct {
	ID, Number, Name     string
	Revision             int
	CreatedAt, ChangedAt string
}

// office is a small strict system: it takes envelopes of one version, from one login, with elements in the order of its schema.
type office struct {
	mu      sync.Mutex
	clock   time.Time
	version string
	vendors []vendor
	items   int
	nonces  []string
	stuck   bool // its pages never end
	cap     int
	fails   string // code of a fault of the next call
	seen    []string
}

const (
	ns       = "urn:acme:erp"
	password = "s3cret&<word>"
)

func newOffice(vendors, items int) *office {
	o := &office{clock: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), cap: 4, items: items, version: "1.1"}
	for i := range vendors {
		o.add("V"+strconv.Itoa(i+1), "Vendor "+strconv.Itoa(i+1))
	}
	return o
}

func (o *office) tick() string {
	o.clock = o.clock.Add(time.Second)
	return o.clock.Format("2006-01-02T15:04:05Z")
}

func (o *office) add(number, name string) *vendor {
	at := o.tick()
	o.vendors = append(o.vendors, vendor{"V-" + strconv.Itoa(len(o.vendors)+1), number, name, 1, at, at})
	return &o.vendors[len(o.vendors)-1]
}

// request is what the office takes; what it does not know is in the lists that are called Any.
type request struct {
	XMLName xml.Name
	Header  struct {
		Company  []string `xml:"urn:acme:erp Company"`
		Security struct {
			Must  string `xml:"mustUnderstand,attr"`
			Token struct {
				Username string
				Password struct {
					Type string `xml:"Type,attr"`
					Text string `xml:",chardata"`
				}
				Nonce   string
				Created string
			} `xml:"UsernameToken"`
		} `xml:"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd Security"`
	}
	Body struct {
		Calls []element `xml:",any"`
	}
}

type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

func (e element) child(name string) *element {
	for i, c := range e.Children {
		if c.XMLName.Local == name && c.XMLName.Space == ns {
			return &e.Children[i]
		}
	}
	return nil
}

func (e element) text(name string) string {
	if c := e.child(name); c != nil {
		return c.Text
	}
	return ""
}

func (o *office) envelope() string {
	if o.version == "1.2" {
		return "http://www.w3.org/2003/05/soap-envelope"
	}
	return "http://schemas.xmlsoap.org/soap/envelope/"
}

func (o *office) answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<?xml version="1.0"?><s:Envelope xmlns:s="%s" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>%s</s:Body></s:Envelope>`, o.envelope(), body)
}

func (o *office) fault(w http.ResponseWriter, code, own, message string) {
	detail := ""
	if own != "" {
		detail = "<ApiFault xmlns='urn:acme:erp'><Code>" + own + "</Code></ApiFault>"
	}
	if o.version == "1.2" {
		code = map[string]string{"Client": "Sender", "Server": "Receiver"}[code]
		o.answer(w, 500, "<s:Fault><s:Code><s:Value>s:"+code+"</s:Value></s:Code><s:Reason><s:Text xml:lang='en'>"+message+"</s:Text></s:Reason><s:Detail>"+detail+"</s:Detail></s:Fault>")
		return
	}
	o.answer(w, 500, "<s:Fault><faultcode>s:"+code+"</faultcode><faultstring>"+message+"</faultstring><detail>"+detail+"</detail></s:Fault>")
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	raw, _ := io.ReadAll(r.Body)
	o.seen = append(o.seen, string(raw))
	var q request
	if err := xml.Unmarshal(raw, &q); err != nil || r.Method != http.MethodPost || q.XMLName.Space != o.envelope() || len(q.Body.Calls) != 1 {
		o.fault(w, "Client", "", "no envelope")
		return
	}
	call := q.Body.Calls[0]
	action := ns + "/" + call.XMLName.Local
	want, soapAction := "text/xml; charset=utf-8", `"`+action+`"`
	if o.version == "1.2" {
		want, soapAction = `application/soap+xml; charset=utf-8; action="`+action+`"`, ""
	}
	switch {
	case r.Header.Get("Content-Type") != want || r.Header.Get("Soapaction") != soapAction || call.XMLName.Space != ns:
		o.fault(w, "Client", "", "wrong action")
	case len(q.Header.Company) != 1 || q.Header.Company[0] != "1 & <2>":
		o.fault(w, "Client", "", "wrong company")
	case !o.knows(q):
		o.answer(w, 500, "<s:Fault><faultcode xmlns:w='urn:x'>w:FailedAuthentication</faultcode><faultstring>who are you? "+"s3cret&amp;&lt;word&gt;</faultstring></s:Fault>")
	case o.fails != "":
		code := o.fails
		o.fails = ""
		if code == "Server" || code == "Client" {
			o.fault(w, code, "", "no")
			return
		}
		o.fault(w, "Server", code, "no")
	default:
		o.call(w, call)
	}
}

// knows checks the digest of a login, each of which is taken once.
func (o *office) knows(q request) bool {
	t := q.Header.Security.Token
	if strings.HasSuffix(t.Password.Type, "#PasswordText") {
		return t.Username == "ann" && t.Password.Text == password
	}
	nonce, err := base64.StdEncoding.DecodeString(t.Nonce)
	sum := sha1.Sum([]byte(string(nonce) + t.Created + password))
	fresh := !slices.Contains(o.nonces, t.Nonce)
	o.nonces = append(o.nonces, t.Nonce)
	return err == nil && fresh && len(nonce) >= 16 && t.Username == "ann" && strings.HasSuffix(t.Password.Type, "#PasswordDigest") &&
		t.Password.Text == base64.StdEncoding.EncodeToString(sum[:]) && t.Created == o.clock.Format("2006-01-02T15:04:05.000Z")
}

func (o *office) call(w http.ResponseWriter, c element) {
	switch c.XMLName.Local {
	case "WhoAmI":
		o.answer(w, 200, "<m:WhoAmIResponse xmlns:m='urn:acme:erp'><m:Product>Acme</m:Product><m:Version>2.7</m:Version><m:Name>Ann</m:Name></m:WhoAmIResponse>")
	case "ListVendors":
		o.list(w, c)
	case "FindVendors":
		found := ""
		for _, v := range o.vendors {
			if v.Number == c.text("Number") {
				found += v.xml()
			}
		}
		o.answer(w, 200, "<FindVendorsResponse xmlns='urn:acme:erp'>"+found+"</FindVendorsResponse>")
	case "GetVendor":
		found := ""
		if v := o.vendor(c.text("Id")); v != nil {
			found = v.xml()
		}
		o.answer(w, 200, "<GetVendorResponse xmlns='urn:acme:erp'>"+found+"</GetVendorResponse>")
	case "ListItems":
		o.listItems(w, c)
	case "CreateVendor":
		o.create(w, c)
	case "UpdateVendor":
		o.update(w, c)
	case "DeleteVendor":
		i := slices.IndexFunc(o.vendors, func(v vendor) bool { return v.ID == c.text("Id") })
		status := "ABSENT"
		if i >= 0 {
			o.vendors, status = slices.Delete(o.vendors, i, i+1), "OK"
		}
		o.answer(w, 200, "<DeleteVendorResponse xmlns='urn:acme:erp'><Status>"+status+"</Status></DeleteVendorResponse>")
	default:
		o.fault(w, "Client", "", "no such call")
	}
}

func (v vendor) xml() string {
	number := "<Number xsi:nil='true'/>"
	if v.Number != "" {
		number = "<Number>" + escaped(v.Number) + "</Number>"
	}
	return fmt.Sprintf("<Vendor><Id>%s</Id>%s<Name>%s</Name><Revision>%d</Revision><CreatedAt>%s</CreatedAt><ChangedAt>%s</ChangedAt></Vendor>", v.ID, number, escaped(v.Name), v.Revision, v.CreatedAt, v.ChangedAt)
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

func (o *office) vendor(id string) *vendor {
	for i := range o.vendors {
		if o.vendors[i].ID == id {
			return &o.vendors[i]
		}
	}
	return nil
}

func (o *office) list(w http.ResponseWriter, c element) {
	from, err := strconv.Atoi(c.text("From"))
	if page, wrong := strconv.Atoi(c.text("Page")); wrong == nil {
		from, err = (page-1)*o.cap, nil
	}
	count, err2 := strconv.Atoi(c.text("Count"))
	filter := c.child("Filter")
	if err != nil || err2 != nil || filter != nil && (filter.text("Field") != "ChangedAt" || filter.text("From") == "") || len(c.Attrs) > 0 {
		o.fault(w, "Client", "E422", "wrong list")
		return
	}
	all := slices.DeleteFunc(slices.Clone(o.vendors), func(v vendor) bool { return filter != nil && v.ChangedAt < filter.text("From") })
	slices.SortStableFunc(all, func(x, y vendor) int { return strings.Compare(x.ChangedAt, y.ChangedAt) })
	if o.stuck {
		from = 0
	}
	from = min(from, len(all))
	rows := ""
	for _, v := range all[from:min(from+min(count, o.cap), len(all))] {
		rows += v.xml()
	}
	o.answer(w, 200, fmt.Sprintf("<m:ListVendorsResponse xmlns:m='urn:acme:erp'><Vendors>%s</Vendors><Total>%d</Total></m:ListVendorsResponse>", rows, len(all)))
}

func (o *office) listItems(w http.ResponseWriter, c element) {
	after, rows := 0, ""
	if text := c.text("After"); text != "" {
		after, _ = strconv.Atoi(strings.TrimPrefix(text, "after<"))
	}
	end := min(after+o.cap, o.items)
	for i := after; i < end; i++ {
		rows += fmt.Sprintf("<Item id='%d'><Sku>S%d</Sku><Title lang='en'>Item &amp; %d</Title></Item>", i+1, i+1, i+1)
	}
	next := fmt.Sprintf("<Next>after&lt;%d</Next><HasMore>1</HasMore>", end)
	if end == o.items {
		next = "<Next/><HasMore>0</HasMore>"
	}
	o.answer(w, 200, "<ListItemsResponse xmlns='urn:acme:erp'>"+rows+next+"</ListItemsResponse>")
}

// given reads a vendor, whose elements come in the order of the schema.
func given(c element) (v vendor, ok bool) {
	record, last := c.child("Vendor"), -1
	if record == nil {
		return v, false
	}
	for _, e := range record.Children {
		place := slices.Index([]string{"Number", "Name"}, e.XMLName.Local)
		if place <= last || e.XMLName.Space != ns || len(e.Children) > 0 {
			return v, false
		}
		last = place
	}
	return vendor{Number: record.text("Number"), Name: record.text("Name")}, true
}

func (o *office) create(w http.ResponseWriter, c element) {
	v, ok := given(c)
	switch {
	case !ok:
		o.fault(w, "Client", "", "wrong record")
	case v.Name == "":
		o.fault(w, "Client", "E422", "a name is needed")
	case v.Number != "" && slices.ContainsFunc(o.vendors, func(x vendor) bool { return x.Number == v.Number }):
		o.fault(w, "Client", "E409", "the number is taken")
	default:
		o.answer(w, 200, "<CreateVendorResponse xmlns='urn:acme:erp'><Id>"+o.add(v.Number, v.Name).ID+"</Id></CreateVendorResponse>")
	}
}

func (o *office) update(w http.ResponseWriter, c element) {
	v, ok := given(c)
	was := o.vendor(c.text("Id"))
	switch {
	case !ok:
		o.fault(w, "Client", "", "wrong record")
	case was == nil:
		o.fault(w, "Client", "E404", "there is none")
	case c.text("Revision") != "" && c.text("Revision") != strconv.Itoa(was.Revision):
		o.fault(w, "Client", "E412", "it has changed")
	default:
		was.Name, was.Revision, was.ChangedAt = v.Name, was.Revision+1, o.tick()
		o.answer(w, 200, "<UpdateVendorResponse xmlns='urn:acme:erp'>"+was.xml()+"</UpdateVendorResponse>")
	}
}
