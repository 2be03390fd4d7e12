package s4

import (
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/busbar-dev/busbar/internal/sim/fault"
)

// handler answers every request, spoilt as the plan says.
func (s *Server) handler() http.Handler {
	return fault.Spoiler{
		Plan: s.opts.Plan, Now: s.opts.Now, Late: &s.late, Name: "SAP",
		Again: func(w http.ResponseWriter, _ *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(s.last)
		},
		Refuse: func(w http.ResponseWriter, status int, code, message string) {
			answer(w, refuse(status, strings.ToUpper(code), "%s", message), v2)
		},
	}.Handler(http.HandlerFunc(s.serve))
}

func answer(w http.ResponseWriter, r *refusal, version string) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body(version))
}

// serve checks who asks, and leads to the service.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
	user, password, _ := r.BasicAuth()
	if user != s.opts.User || subtle.ConstantTimeCompare([]byte(password), []byte(s.opts.Password)) != 1 {
		w.Header().Set("WWW-Authenticate", `Basic realm="SAP NetWeaver Application Server [S4H/100]"`)
		w.Header().Set("Content-Type", "text/html;charset=utf-8")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "<html><head><title>Anmeldung fehlgeschlagen</title></head><body><h1>401 Unauthorized</h1></body></html>")
		return
	}
	for path, sv := range s.services {
		rest, ok := strings.CutPrefix(r.URL.Path, path)
		if !ok || rest != "" && rest[0] != '/' {
			continue
		}
		w.Header().Set(map[string]string{v2: "DataServiceVersion", v4: "OData-Version"}[sv.version], sv.version[1:]+".0")
		if wrong := s.route(w, r, sv, strings.TrimPrefix(rest, "/")); wrong != nil {
			answer(w, wrong, sv.version)
		}
		return
	}
	answer(w, refuse(http.StatusForbidden, "/IWFND/MED/170", "No service found for namespace '', name '%s', version '0001'", lastPart(r.URL.Path)), v2)
}

func lastPart(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// route leads to what is asked for within a service.
func (s *Server) route(w http.ResponseWriter, r *http.Request, sv *service, resource string) *refusal {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		s.giveToken(w, r)
	} else if !s.hasToken(w, r) {
		return nil
	}
	switch {
	case resource == "":
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"d":{"EntitySets":["%s"]}}`, strings.Join(sv.order, `","`))
		return nil
	case resource == "$metadata":
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, s.metadata(sv))
		return nil
	case resource == "$batch" && r.Method == http.MethodPost:
		return s.batch(w, r, sv)
	}
	return s.resource(w, r, sv, resource)
}

// resource answers a call about a set, a record or a function import; batches call it too.
func (s *Server) resource(w http.ResponseWriter, r *http.Request, sv *service, resource string) *refusal {
	if c, ok := sv.calls[resource]; ok {
		return s.call(w, r, sv, resource, c)
	}
	name, rest, keyed := strings.Cut(resource, "(")
	t := sv.sets[name]
	if t == nil {
		return refuse(http.StatusNotFound, "005056A509B11EE3AEC4FEFA3F1A5CDB", "Resource not found for segment '%s'", resource)
	}
	if !keyed {
		switch r.Method {
		case http.MethodGet:
			return s.list(w, r, sv, name)
		case http.MethodPost:
			return s.create(w, r, sv, name)
		}
		return refuse(http.StatusMethodNotAllowed, "/IWFND/CM_MGW/97", "Method %s is not allowed for a set", r.Method)
	}
	predicate, after, closed := strings.Cut(rest, ")")
	if !closed || after != "" {
		return bad("Invalid key predicate in %s", resource)
	}
	key, wrong := readKey(sv.version, t, predicate)
	if wrong != nil {
		return wrong
	}
	found := t.index[t.keyText(key)]
	if found == nil {
		return refuse(http.StatusNotFound, "/IWBEP/CM_MGW_RT/020", "Resource not found for segment '%s'", name)
	}
	return s.record(w, r, sv, name, found)
}

// record answers a call about one record.
func (s *Server) record(w http.ResponseWriter, r *http.Request, sv *service, set string, found *row) *refusal {
	switch r.Method {
	case http.MethodGet:
		q, wrong := s.readQuery(sv.version, sv.sets[set], r.URL.Query())
		if wrong != nil {
			return wrong
		}
		if tag := sv.sets[set].etagOf(found); tag != "" {
			w.Header().Set("ETag", tag)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, oneBody(sv.version, s.render(sv, set, found, q, "")))
		return nil
	case http.MethodPatch, "MERGE":
		return s.update(w, r, sv, set, found)
	case http.MethodDelete:
		return s.remove(w, r, sv, set, found)
	}
	return refuse(http.StatusMethodNotAllowed, "/IWFND/CM_MGW/97", "Method %s is not allowed for a record", r.Method)
}

func oneBody(version, record string) string {
	if version == v2 {
		return `{"d":` + record + "}"
	}
	return record
}

// readKey reads ('45') or (A='45',B=datetime'...').
func readKey(version string, t *table, text string) (map[string]any, *refusal) {
	keys := t.keys()
	key := map[string]any{}
	parts := regexp.MustCompile(`([A-Za-z_]+=)?([A-Za-z]*'([^']|'')*'|[^,']+)`).FindAllStringSubmatch(text, -1)
	if len(parts) != len(keys) {
		return nil, bad("The number of keys in the predicate does not match type %q", t.name)
	}
	for _, part := range parts {
		m := &keys[0]
		if name, ok := strings.CutSuffix(part[1], "="); ok {
			m = t.member(name)
		} else if len(keys) > 1 {
			return nil, bad("A predicate of several keys names them")
		}
		if m == nil || !m.key {
			return nil, bad("Property in %q is not a key of type %q", part[0], t.name)
		}
		v, ok := readLiteral(version, m, part[2])
		if !ok {
			return nil, bad("Invalid key predicate: %s is not a valid %s for '%s'", part[2], m.typeName(version), m.name)
		}
		key[m.name] = v
	}
	return key, nil
}

// giveToken begins a session for whoever asks for a token.
func (s *Server) giveToken(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("X-CSRF-Token"), "fetch") {
		return
	}
	n := s.next("session", 1)
	id, token := fmt.Sprintf("SID%06d", n), fmt.Sprintf("tok%06dAbCdEf==", n*7919)
	s.sessions[id] = token
	http.SetCookie(w, &http.Cookie{Name: "SAP_SESSIONID_S4H_100", Value: id, Path: "/"})
	http.SetCookie(w, &http.Cookie{Name: "sap-usercontext", Value: url.QueryEscape("sap-client=100"), Path: "/"})
	w.Header().Set("X-CSRF-Token", token)
}

// hasToken tells whether a write brings the token of its session.
func (s *Server) hasToken(w http.ResponseWriter, r *http.Request) bool {
	cookie, err := r.Cookie("SAP_SESSIONID_S4H_100")
	if err == nil {
		if token := s.sessions[cookie.Value]; token != "" && token == r.Header.Get("X-CSRF-Token") {
			return true
		}
	}
	w.Header().Set("X-CSRF-Token", "Required")
	w.Header().Set("Content-Type", "text/plain;charset=utf-8")
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, "CSRF token validation failed")
	return false
}

// next counts up.
func (s *Server) next(name string, first int64) int64 {
	if s.numbers[name] == 0 {
		s.numbers[name] = first
	}
	s.numbers[name]++
	return s.numbers[name] - 1
}

// metadata describes a service.
func (s *Server) metadata(sv *service) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices><Schema Namespace="` + sv.name + `">`)
	for _, set := range sv.order {
		t := sv.sets[set]
		b.WriteString(`<EntityType Name="` + set + `Type"><Key>`)
		for _, m := range t.keys() {
			b.WriteString(`<PropertyRef Name="` + m.name + `"/>`)
		}
		b.WriteString("</Key>")
		for _, m := range t.members {
			kind, _, _ := strings.Cut(m.typeName(sv.version), "(")
			fmt.Fprintf(&b, `<Property Name="%s" Type="Edm.%s" Nullable="%t" MaxLength="%d"/>`, m.name, kind, !m.key, m.length)
		}
		b.WriteString("</EntityType>")
	}
	return b.String() + "</Schema></edmx:DataServices></edmx:Edmx>"
}
