package graphql

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/envelope"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// query implements envelope.Call.
type query struct {
	callOptions
	mutates bool
}

// Among the variables: the members of an object go between those that stand beside them, and an object is there only where a placeholder stands for something.
const (
	spread = "..."
	given  = "...if"
)

// Takes implements envelope.Call.
func (q *query) Takes() []string {
	var names []string
	var visit func(value any)
	visit = func(value any) {
		switch x := value.(type) {
		case string:
			names = append(names, manifest.Placeholders(x)...)
		case []any:
			for _, inner := range x {
				visit(inner)
			}
		case map[string]any:
			for key, inner := range x {
				if name, ok := inner.(string); ok && key == given {
					names = append(names, name)
					continue
				}
				visit(inner)
			}
		}
	}
	visit(q.Variables)
	for _, text := range q.Headers {
		visit(text)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Check implements envelope.Call.
func (q *query) Check(o manifest.Options, at ...string) (problems manifest.Problems) {
	wrong := func(key, message, mend string) {
		problems = append(problems, o.Problem(message, mend, append(slices.Clone(at), key)...))
	}
	bare := uncommented(q.Query)
	kinds := operations(bare)
	first := strings.Join(kinds, " and ")
	switch {
	case bare == "":
		wrong("query", "is missing", "write the document: query ($first: Int!) { ... }")
	case strings.Count(bare, "{") != strings.Count(bare, "}") || strings.Count(bare, "(") != strings.Count(bare, ")"):
		wrong("query", "has an open bracket", "close it")
	case len(kinds) != 1:
		wrong("query", "is not one operation", "write one query or mutation, and the fragments that it uses")
	case q.mutates && first != "mutation":
		wrong("query", "is no mutation", "begin with mutation")
	case !q.mutates && (first == "mutation" || first == "subscription"):
		wrong("query", "is a "+first+", and a read changes nothing", "begin with query")
	}
	used := regexp.MustCompile(`\$[_A-Za-z]\w*`).FindAllString(bare, -1)
	for name := range q.Variables {
		if !slices.Contains(used, "$"+name) {
			wrong("variables", "the document has no variable $"+name, "declare and use it in the document, or remove it")
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(used))) {
		if _, ok := q.Variables[name[1:]]; !ok {
			wrong("query", "nothing says what "+name+" is", "add it to variables")
		}
	}
	for _, name := range q.Numbers {
		if !slices.Contains(q.Takes(), name) {
			wrong("numbers", "there is no placeholder {"+name+"}", "name one that variables take")
		}
	}
	return problems
}

// operations tells of which kinds the operations of a document are; "" is a query without the word. Fragments are none.
func operations(bare string) (kinds []string) {
	depth, head := 0, ""
	for _, c := range bare {
		switch {
		case c == '{' && depth == 0:
			word, _, _ := strings.Cut(strings.TrimSpace(head), " ")
			if word = strings.TrimSpace(word); word != "fragment" {
				kinds = append(kinds, word)
			}
			head, depth = "", 1
		case c == '{', c == '(':
			depth++
		case c == '}', c == ')':
			depth--
		case depth == 0:
			head += map[bool]string{true: " ", false: string(c)}[c == '\n' || c == '\t' || c == '\r' || c == ',']
		}
	}
	return kinds
}

// uncommented takes texts and comments out of a document.
func uncommented(document string) string {
	return strings.TrimSpace(regexp.MustCompile(`"""(?s:.*?)"""|"(\\.|[^"\\\n])*"|#[^\n]*`).ReplaceAllString(document, ""))
}

// Compose implements envelope.Speaker.
func (s *speaker) Compose(c envelope.Call, v envelope.Values) (envelope.Message, error) {
	q := c.(*query)
	m := envelope.Message{Header: http.Header{"Content-Type": {"application/json"}, "Accept": {"application/graphql-response+json, application/json"}}}
	for name, template := range q.Headers {
		if text, ok := v.Fill(template); ok {
			m.Header.Set(name, text)
		}
	}
	request := map[string]any{"query": q.Query}
	if variables, ok := q.fill(q.Variables, v); ok {
		request["variables"] = variables
	}
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	if err := to.Encode(request); err != nil {
		return m, &driver.Error{Kind: driver.Invalid, Detail: "The variables of the request are not JSON.", Err: err}
	}
	m.Body = bytes.TrimSpace(out.Bytes())
	return m, nil
}

// fill puts values into variables. It is not ok for what stands for nothing: that is left out.
func (q *query) fill(value any, v envelope.Values) (any, bool) {
	switch x := value.(type) {
	case string:
		return q.fillText(x, v)
	case []any:
		list := []any{}
		for _, inner := range x {
			if filled, ok := q.fill(inner, v); ok {
				list = append(list, filled)
			}
		}
		return list, len(list) > 0 || len(x) == 0
	case map[string]any:
		return q.fillObject(x, v)
	}
	return value, true
}

func (q *query) fillText(template string, v envelope.Values) (any, bool) {
	name, whole := strings.CutSuffix(strings.TrimPrefix(template, "{"), "}")
	if !whole || !strings.HasPrefix(template, "{") || strings.ContainsAny(name, "{}") {
		return v.Fill(template)
	}
	value, ok := v[name]
	if slices.Contains(q.Numbers, name) && regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`).MatchString(envelope.Plain(value)) {
		return json.Number(envelope.Plain(value)), ok
	}
	return value, ok
}

func (q *query) fillObject(x map[string]any, v envelope.Values) (any, bool) {
	if name, ok := x[given].(string); ok {
		if _, is := v[name]; !is {
			return nil, false
		}
	}
	object := map[string]any{}
	if inner, ok := q.fill(x[spread], v); ok && inner != nil {
		raw, _ := inner.(json.RawMessage)
		var members map[string]json.RawMessage
		if json.Unmarshal(raw, &members) == nil {
			for name, member := range members {
				object[name] = member
			}
		}
	}
	for name, inner := range x {
		if name == spread || name == given {
			continue
		}
		if filled, ok := q.fill(inner, v); ok {
			object[name] = filled
		}
	}
	return object, len(object) > 0 || len(x) == 0
}
