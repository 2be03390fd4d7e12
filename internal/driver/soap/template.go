package soap

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver/envelope"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// given is the attribute of an element that is there only where the placeholder that it names stands for something. It is not sent.
const given = "if:given"

// node is an element of a template; children are *node or string.
type node struct {
	name     string // with its prefix
	attrs    [][2]string
	children []any
}

// isOwn tells a prefix that every envelope declares itself.
func isOwn(prefix string) bool {
	return slices.Contains([]string{"env", "xsi", "xml", "xmlns", "wsse", "wsu", "if"}, prefix)
}

// isName tells a name of an element that needs no prefix.
func isName(text string) bool {
	return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`).MatchString(text)
}

// parse reads a template. It takes elements and texts, and nothing else that XML has.
func parse(template string) ([]any, error) {
	d := xml.NewDecoder(strings.NewReader(template))
	top := &node{}
	stack := []*node{top}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the template: %w", err)
		}
		last := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			n := &node{name: full(t.Name)}
			for _, a := range t.Attr {
				n.attrs = append(n.attrs, [2]string{full(a.Name), a.Value})
			}
			last.children = append(last.children, n)
			stack = append(stack, n)
		case xml.EndElement:
			if len(stack) == 1 || last.name != full(t.Name) {
				return nil, errors.New("</" + full(t.Name) + "> closes nothing")
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if text := strings.TrimSpace(string(t)); text != "" {
				last.children = append(last.children, text)
			}
		case xml.Comment:
		default:
			return nil, errors.New("it holds a declaration")
		}
	}
	if len(stack) > 1 {
		return nil, errors.New("<" + stack[len(stack)-1].name + "> is not closed")
	}
	return top.children, nil
}

func full(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// Takes implements envelope.Call.
func (c *call) Takes() []string {
	top, _ := parse(c.Body)
	var names []string
	for _, child := range top {
		names = append(names, takes(child)...)
	}
	for _, text := range c.Headers {
		names = append(names, manifest.Placeholders(text)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func takes(child any) (names []string) {
	n, ok := child.(*node)
	if !ok {
		text, _ := child.(string)
		return manifest.Placeholders(text)
	}
	for _, a := range n.attrs {
		if a[0] == given {
			names = append(names, a[1])
			continue
		}
		names = append(names, manifest.Placeholders(a[1])...)
	}
	for _, inner := range n.children {
		names = append(names, takes(inner)...)
	}
	return names
}

// Check implements envelope.Call.
func (c *call) Check(o manifest.Options, at ...string) (problems manifest.Problems) {
	wrong := func(key, message, mend string) {
		problems = append(problems, o.Problem(message, mend, append(slices.Clone(at), key)...))
	}
	top, err := parse(c.Body)
	switch {
	case c.Body == "":
		wrong("body", "is missing", "write the element that goes into the envelope's body")
	case err != nil:
		wrong("body", "is not well-formed XML: "+err.Error(), "mend it")
	case len(top) != 1:
		wrong("body", "is not one element", "write the one element that goes into the envelope's body")
	default:
		if root, ok := top[0].(*node); !ok {
			wrong("body", "is not one element", "write the one element that goes into the envelope's body")
		} else if !root.holdsMembersWell() {
			wrong("body", "{members} become elements, so they stand alone in one", "write <record>{members}</record>")
		}
	}
	if strings.ContainsAny(c.Action, "\"\r\n") {
		wrong("action", "holds what cannot stand in a header", "write it without quotes")
	}
	for i, name := range c.Sequence {
		if !isName(name) || slices.Index(c.Sequence, name) != i {
			wrong("sequence", name+" is no name, or stands twice", "write the names of elements, each once")
		}
	}
	return problems
}

// holdsMembersWell tells whether {members} is the only thing in its element.
func (n *node) holdsMembersWell() bool {
	for _, a := range n.attrs {
		if strings.Contains(a[1], "{members}") {
			return false
		}
	}
	for _, child := range n.children {
		switch x := child.(type) {
		case *node:
			if !x.holdsMembersWell() {
				return false
			}
		case string:
			if strings.Contains(x, "{members}") && (x != "{members}" || len(n.children) > 1) {
				return false
			}
		}
	}
	return true
}

// writer renders templates; every value is escaped, so that none becomes markup.
type writer struct {
	strings.Builder
	values envelope.Values
	call   *callOptions
	unfit  *bool // a text holds a character that XML has not
}

// node writes an element, and tells whether it did: one in which something stands for nothing, or all of whose elements are left out, is left out. A root always stands.
func (w *writer) node(n *node, root bool) (bool, error) {
	attrs, ok := w.attributes(n)
	if !ok && !root {
		return false, nil
	}
	inner := writer{values: w.values, call: w.call, unfit: w.unfit}
	some := len(n.children) == 0
	for _, child := range n.children {
		wrote, err := inner.child(child)
		if err != nil {
			return false, err
		}
		if _, isText := child.(string); isText && !wrote && !root {
			return false, nil
		}
		some = some || wrote
	}
	if !some && !root {
		return false, nil
	}
	w.WriteString("<" + n.name + attrs + ">" + inner.String() + "</" + n.name + ">")
	return true, nil
}

func (w *writer) child(child any) (bool, error) {
	if n, ok := child.(*node); ok {
		return w.node(n, false)
	}
	text, _ := child.(string)
	if text == "{members}" {
		raw, ok := w.values["members"].(json.RawMessage)
		if !ok {
			return false, nil
		}
		return true, w.members(raw)
	}
	filled, ok := w.values.Fill(text)
	w.WriteString(w.escape(filled))
	return ok, nil
}

// attributes writes an element's attributes; it is not ok where one stands for nothing.
func (w *writer) attributes(n *node) (string, bool) {
	var b strings.Builder
	for _, a := range n.attrs {
		if a[0] == given {
			if _, ok := w.values[a[1]]; !ok {
				return "", false
			}
			continue
		}
		text, ok := w.values.Fill(a[1])
		if !ok {
			return "", false
		}
		b.WriteString(" " + a[0] + `="` + w.escape(text) + `"`)
	}
	return b.String(), true
}

// escape is escape for what is not the manifest's own.
func (w *writer) escape(text string) string {
	*w.unfit = *w.unfit || strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFD || r == 0xFFFE || r == 0xFFFF
	})
	return escape(text)
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}
