package soap

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/envelope"
)

// How deep and how large an answer may be; attributes count as elements do.
const (
	maxDepth    = 60
	maxElements = 1_000_000
)

var (
	errStrange = errors.New("not an envelope")
	errLarge   = errors.New("too many elements")
)

// element is an element of an answer.
type element struct {
	space, name string
	attrs       [][2]string
	children    []*element
	text        strings.Builder
	isNil       bool
}

// Read implements envelope.Speaker: what an answer holds are the elements of its body, by their local names.
func (s *speaker) Read(a *envelope.Answer) ([]byte, *envelope.Refusal) {
	body, err := bodyOf(a.Body)
	switch {
	case errors.Is(err, errLarge):
		return nil, &envelope.Refusal{Kind: driver.TooLarge, Detail: "The answer has more elements than allowed; ask for smaller pages."}
	case err != nil:
		return nil, envelope.ByStatus(a)
	}
	var out bytes.Buffer
	s.object(&out, body)
	if i := slices.IndexFunc(body.children, func(e *element) bool {
		return e.name == "Fault" && slices.Contains([]string{"", envelope11, envelope12}, e.space)
	}); i >= 0 {
		var fault bytes.Buffer
		s.value(&fault, body.children[i])
		return nil, s.refusal(fault.Bytes())
	}
	if a.Status >= 300 {
		return nil, envelope.ByStatus(a)
	}
	return out.Bytes(), nil
}

// bodyOf reads an envelope to its end, and gives its body.
func bodyOf(doc []byte) (*element, error) {
	root, err := read(doc)
	if err != nil {
		return nil, err
	}
	if root.name != "Envelope" || root.space != envelope11 && root.space != envelope12 {
		return nil, errStrange
	}
	for _, e := range root.children {
		if e.name == "Body" && e.space == root.space {
			return e, nil
		}
	}
	return nil, errStrange
}

// read takes a document apart. There are no declarations of types, and no entities but those of XML itself.
func read(doc []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	top := &element{}
	stack := []*element{top}
	for count := 0; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errStrange
		}
		last := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if count += 1 + len(t.Attr); count > maxElements {
				return nil, errLarge
			}
			if len(stack) > maxDepth {
				return nil, errStrange
			}
			e := begin(t)
			last.children = append(last.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			last.text.Write(t)
		case xml.Directive:
			return nil, errStrange
		}
	}
	if len(top.children) != 1 || strings.TrimSpace(top.text.String()) != "" {
		return nil, errStrange
	}
	return top.children[0], nil
}

func begin(t xml.StartElement) *element {
	e := &element{space: t.Name.Space, name: t.Name.Local}
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns":
		case a.Name.Space == instance && a.Name.Local == "nil":
			e.isNil = a.Value == "true" || a.Value == "1"
		default:
			e.attrs = append(e.attrs, [2]string{"@" + a.Name.Local, a.Value})
		}
	}
	return e
}

// value writes an element as JSON: null, text, or an object.
func (s *speaker) value(out *bytes.Buffer, e *element) {
	switch {
	case e.isNil:
		out.WriteString("null")
	case len(e.children)+len(e.attrs) > 0:
		s.object(out, e)
	case e.text.Len() == 0:
		out.WriteString("null")
	default:
		quote(out, e.text.String())
	}
}

// object writes attributes, elements and, where there is one, the text of an element.
func (s *speaker) object(out *bytes.Buffer, e *element) {
	out.WriteByte('{')
	member := func(name string) {
		if last := out.Bytes()[out.Len()-1]; last != '{' {
			out.WriteByte(',')
		}
		quote(out, name)
		out.WriteByte(':')
	}
	for _, a := range e.attrs {
		member(a[0])
		quote(out, a[1])
	}
	names, groups := []string{}, map[string][]*element{}
	for _, child := range e.children {
		if groups[child.name] == nil {
			names = append(names, child.name)
		}
		groups[child.name] = append(groups[child.name], child)
	}
	for _, name := range names {
		member(name)
		s.group(out, groups[name])
	}
	if strings.TrimSpace(e.text.String()) != "" {
		member("#text")
		quote(out, e.text.String())
	}
	out.WriteByte('}')
}

// group writes the elements of one name: a list where there are several, or where one is meant to be one.
func (s *speaker) group(out *bytes.Buffer, group []*element) {
	if len(group) == 1 && !slices.Contains(s.options.Lists, group[0].name) {
		s.value(out, group[0])
		return
	}
	out.WriteByte('[')
	for i, e := range group {
		if i > 0 {
			out.WriteByte(',')
		}
		s.value(out, e)
	}
	out.WriteByte(']')
}

func quote(out *bytes.Buffer, text string) {
	raw, _ := json.Marshal(text)
	out.Write(raw)
}

// kinds are the codes of the protocol itself and of WS-Security that say that nobody has looked at the body.
func kinds() map[string]driver.Kind {
	return map[string]driver.Kind{
		"FailedAuthentication": driver.Credentials, "InvalidSecurityToken": driver.Credentials, "InvalidSecurity": driver.Credentials,
		"VersionMismatch": driver.Invalid, "MustUnderstand": driver.Invalid, "DataEncodingUnknown": driver.Invalid,
	}
}

// refusal makes one of a fault. It is definite where one of its codes is known; what a server says of client and server alone proves nothing.
func (s *speaker) refusal(fault []byte) *envelope.Refusal {
	said := plain(fault, "faultstring")
	if said == "" {
		said = plain(fault, "Reason", "Text")
	}
	codes := []string{plain(fault, s.options.Errors.Code...), local(plain(fault, "Code", "Subcode", "Value")), local(plain(fault, "Code", "Value")), local(plain(fault, "faultcode"))}
	codes = slices.DeleteFunc(codes, func(code string) bool { return code == "" })
	r := &envelope.Refusal{Kind: driver.Fault, Said: said}
	for _, code := range codes {
		kind, ok := s.options.Errors.Kinds[code]
		if !ok {
			kind, ok = kinds()[code]
		}
		if ok {
			r.Kind, r.Code, r.Definite = kind, code, true
			return r
		}
	}
	if len(codes) > 0 {
		r.Code = codes[0]
	}
	if slices.Contains(codes, "Client") || slices.Contains(codes, "Sender") {
		r.Kind = driver.Invalid
	}
	return r
}

// plain gives the text of an element, with or without attributes.
func plain(doc []byte, path ...string) string {
	raw := envelope.Find(doc, path...)
	if len(raw) > 0 && raw[0] == '{' {
		raw = envelope.Find(raw, "#text")
	}
	if len(raw) > 0 && raw[0] == '[' {
		return plain(raw, "0")
	}
	return strings.TrimSpace(envelope.Text(raw))
}

// local gives a qualified name without its prefix.
func local(name string) string {
	if _, after, ok := strings.Cut(name, ":"); ok {
		return after
	}
	return name
}
