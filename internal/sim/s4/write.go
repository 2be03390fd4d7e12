package s4

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// draft is a record to be made, with those that a deep insert makes with it.
type draft struct {
	table  *table
	values map[string]any
	parts  map[string][]*draft // by table
}

// read checks what a write sends: names, types, lengths, and what may be set.
func (s *Server) read(version string, t *table, raw []byte, creating bool) (*draft, *refusal) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, bad("The request body is not valid JSON")
	}
	d := &draft{table: t, values: map[string]any{}, parts: map[string][]*draft{}}
	for name, value := range object {
		if name == "__metadata" || strings.HasPrefix(name, "@odata.") {
			continue
		}
		if l := t.lead(name, version); l != nil {
			if r := s.readParts(version, d, l, value, creating); r != nil {
				return nil, r
			}
			continue
		}
		m := t.member(name)
		switch {
		case m == nil:
			return nil, bad("Property '%s' is invalid", name)
		case m.readOnly || !creating && m.fixed:
			return nil, business("/IWBEP/CM_MGW_RT/100", "Property '%s' cannot be set by a caller", name)
		}
		v, err := m.take(version, value)
		if err != nil {
			return nil, &refusal{status: http.StatusBadRequest, code: "ASSERT_DATA_TYPE", message: err.Error(), target: name}
		}
		d.values[name] = v
	}
	for _, m := range t.members {
		if creating && m.required && (d.values[m.name] == nil || d.values[m.name] == "") {
			return nil, business("00/055", "Enter a value for %s", m.name)
		}
	}
	return d, nil
}

func (s *Server) readParts(version string, d *draft, l *lead, value json.RawMessage, creating bool) *refusal {
	if !creating || !l.inPart {
		return bad("Navigation '%s' cannot be changed with its record", l.name)
	}
	var list []json.RawMessage
	var wrapped struct{ Results []json.RawMessage }
	if json.Unmarshal(value, &list) != nil {
		if version != v2 || json.Unmarshal(value, &wrapped) != nil {
			return bad("Navigation '%s' wants a list", l.name)
		}
		list = wrapped.Results
	}
	for _, raw := range list {
		part, wrong := s.read(version, s.tables[l.to], raw, true)
		if wrong != nil {
			return wrong
		}
		d.parts[l.to] = append(d.parts[l.to], part)
	}
	return nil
}

func body(r *http.Request) []byte {
	raw, _ := io.ReadAll(io.LimitReader(r.Body, 1<<22))
	return raw
}

// create makes a record, and those within it.
func (s *Server) create(w http.ResponseWriter, r *http.Request, sv *service, set string) *refusal {
	t := sv.sets[set]
	if !strings.Contains(t.writes, "c") {
		return refuse(http.StatusMethodNotAllowed, "/IWFND/CM_MGW/97", "Method POST is not allowed for set %s", set)
	}
	d, wrong := s.read(sv.version, t, body(r), true)
	if wrong != nil {
		return wrong
	}
	if wrong := s.checkCreate(d); wrong != nil {
		return wrong
	}
	made := s.store(d)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Location", s.uriOf(sv, set, made))
	if tag := t.etagOf(made); tag != "" {
		w.Header().Set("ETag", tag)
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, oneBody(sv.version, s.render(sv, set, made, &query{}, "")))
	return nil
}

// store inserts a checked draft.
func (s *Server) store(d *draft) *row {
	t := d.table
	if t.number != "" && plainText(d.values[t.number]) == "" {
		d.values[t.number] = s.number(t)
	}
	s.fill(d)
	r := t.insert(d.values)
	for name, parts := range d.parts {
		for i, part := range parts {
			l := leadTo(t, name)
			for _, pair := range l.on {
				part.values[pair[1]] = d.values[pair[0]]
			}
			s.numberPart(part, i)
			s.store(part)
		}
	}
	s.touch(t, r)
	return r
}

func leadTo(t *table, name string) *lead {
	for i := range t.leads {
		if t.leads[i].to == name {
			return &t.leads[i]
		}
	}
	return nil
}

// number gives the next number of a table; equipment and functional locations may bring their own.
func (s *Server) number(t *table) string {
	for {
		text := fmt.Sprintf("%d", s.next(t.name, t.first))
		if t.index[t.keyText(map[string]any{t.number: text})] == nil {
			return text
		}
	}
}

// touch stamps a change.
func (s *Server) touch(t *table, r *row) {
	now := s.now()
	r.version++
	if t.stamp != "" {
		r.values[t.stamp] = now
	}
	if t.day != "" {
		r.values[t.day] = now.Truncate(24 * time.Hour)
		r.values[t.clock] = now.Truncate(time.Second).Sub(now.Truncate(24 * time.Hour))
	}
}

// matches checks the entity tag that a change of a record names.
func (s *Server) matches(r *http.Request, t *table, found *row) *refusal {
	tag := t.etagOf(found)
	switch given := r.Header.Get("If-Match"); {
	case tag == "" || given == "*" || given == tag:
		return nil
	case given == "":
		return refuse(http.StatusPreconditionRequired, "/IWFND/CM_MGW/498", "Precondition required: name the entity tag of the record in If-Match")
	}
	return refuse(http.StatusPreconditionFailed, "/IWFND/CM_MGW/499", "Precondition failed: the record has been changed since it was read")
}

func (s *Server) update(w http.ResponseWriter, r *http.Request, sv *service, set string, found *row) *refusal {
	t := sv.sets[set]
	if !strings.Contains(t.writes, "u") {
		return refuse(http.StatusMethodNotAllowed, "/IWFND/CM_MGW/97", "Method %s is not allowed for set %s", r.Method, set)
	}
	if wrong := s.matches(r, t, found); wrong != nil {
		return wrong
	}
	d, wrong := s.read(sv.version, t, body(r), false)
	if wrong != nil {
		return wrong
	}
	if wrong := s.checkUpdate(t, found, d.values); wrong != nil {
		return wrong
	}
	maps.Copy(found.values, d.values)
	s.touch(t, found)
	s.touchParent(t, found)
	if sv.version == v4 {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, s.render(sv, set, found, &query{}, ""))
		return nil
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request, sv *service, set string, found *row) *refusal {
	t := sv.sets[set]
	if !strings.Contains(t.writes, "d") {
		return refuse(http.StatusMethodNotAllowed, "/IWFND/CM_MGW/97", "Method DELETE is not allowed for set %s", set)
	}
	if wrong := s.matches(r, t, found); wrong != nil {
		return wrong
	}
	if wrong := s.checkUpdate(t, found, nil); wrong != nil {
		return wrong
	}
	s.touchParent(t, found)
	t.remove(found)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// touchParent stamps the order whose item was changed.
func (s *Server) touchParent(t *table, r *row) {
	if order := s.tables["A_PurchaseOrder"]; t.name == "A_PurchaseOrderItem" {
		if parent := order.index[plainText(r.values["PurchaseOrder"])]; parent != nil {
			s.touch(order, parent)
		}
	}
}

// call does a function import about one record.
func (s *Server) call(w http.ResponseWriter, r *http.Request, sv *service, name string, c call) *refusal {
	if r.Method != http.MethodPost {
		return refuse(http.StatusMethodNotAllowed, "/IWFND/CM_MGW/97", "Function import %s is called by POST", name)
	}
	t := sv.sets[c.set]
	key := map[string]any{}
	for option, values := range r.URL.Query() {
		m := t.member(option)
		if strings.HasPrefix(option, "sap-") {
			continue
		}
		if m == nil || !m.key {
			return bad("Function import %s has no parameter '%s'", name, option)
		}
		v, ok := readLiteral(sv.version, m, values[0])
		if !ok {
			return bad("Invalid parameter %s of function import %s", option, name)
		}
		key[option] = v
	}
	found := t.index[t.keyText(key)]
	if found == nil {
		return refuse(http.StatusNotFound, "IW/050", "Order %s does not exist", url.QueryEscape(t.keyText(key)))
	}
	if wrong := s.matches(r, t, found); wrong != nil {
		return wrong
	}
	if wrong := c.do(s, t, found); wrong != nil {
		return wrong
	}
	s.touch(t, found)
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"d":{"%s":{"IsInvalid":false}}}`, name)
	return nil
}
