package outside_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/flow/outside"
	"github.com/busbar-dev/busbar/internal/problem"
)

func TestARequestGoesOutAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	o := others(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.api+json; charset=utf-8")
		w.Header().Set("Location", "/orders/7")
		w.Header()["X-Seen"] = []string{"a", "b"}
		w.Header().Set("Set-Cookie", "session=opensesame")
		w.Header().Set("X-Auth-Token", "opensesame")
		w.Header().Set("Www-Authenticate", "Bearer opensesame")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "\ufeff"+`{"id": 12345678901234567890, "price": 1.10}`)
	})
	s := sender(t, egress.Options{Allow: loopback}, outside.Mail{})
	r := s.Request(t.Context(), "run-1_a/0", machine.Effect{
		Method: "POST", URL: o.URL + "/orders?of=1", Body: []byte(`{"n":1}`), ContentType: "application/json",
		Headers: []machine.Field{{Name: "authorization", Value: "Bearer mine"}, {Name: "X-Site", Value: "Köln"}},
	})
	v := value(t, r)
	if v.Status != 201 || string(v.Body) != `{"id":12345678901234567890,"price":1.10}` || v.Headers["location"] != "/orders/7" || v.Headers["x-seen"] != "a, b" {
		t.Errorf("%s", r.Value)
	}
	if strings.Contains(string(r.Value), "opensesame") || strings.Contains(string(r.Value), "mine") {
		t.Errorf("a secret is in the result: %s", r.Value)
	}
	got := o.carriedOut()
	if len(got) != 1 || got[0].method != "POST" || got[0].path != "/orders?of=1" || got[0].body != `{"n":1}` {
		t.Fatalf("%+v", got)
	}
	for name, want := range map[string]string{"Idempotency-Key": "run-1_a/0", "Content-Type": "application/json", "Authorization": "Bearer mine", "X-Site": "Köln", "User-Agent": "Busbar"} {
		if got := got[0].header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestADocumentsHeadersGoBeforeOurs(t *testing.T) {
	t.Parallel()
	o := others(t, answerJSON("{}"))
	value(t, sender(t, egress.Options{Allow: loopback}, outside.Mail{}).Request(t.Context(), "ours", machine.Effect{
		Method: "PUT", URL: o.URL, Body: []byte("<a/>"), ContentType: "text/plain; charset=utf-8",
		Headers: []machine.Field{{Name: "Content-Type", Value: "application/xml"}},
	}))
	for name, want := range map[string]string{"Idempotency-Key": "ours", "Content-Type": "application/xml"} {
		if got := o.carriedOut()[0].header[name]; !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestHeadersThatADocumentMayNotSet(t *testing.T) {
	t.Parallel()
	o := others(t, answerJSON("{}"))
	s := sender(t, egress.Options{Allow: loopback}, outside.Mail{})
	for _, f := range []machine.Field{
		{Name: "Host", Value: "inside"}, {Name: "content-length", Value: "1"}, {Name: "Connection", Value: "close"}, {Name: "Transfer-Encoding", Value: "chunked"}, {Name: "TE", Value: "trailers"},
		{Name: "Upgrade", Value: "h2c"}, {Name: "Expect", Value: "100-continue"}, {Name: "Trailer", Value: "X"}, {Name: "proxy-authorization", Value: "x"}, {Name: "Accept-Encoding", Value: "br"},
		{Name: "idempotency-key", Value: "theirs"}, {Name: "X A", Value: "x"}, {Name: "", Value: "x"}, {Name: "X:", Value: "x"}, {Name: "X", Value: "a\r\nHost: b"}, {Name: "X", Value: "a\nb"}, {Name: "X", Value: "a\x00"},
	} {
		r := s.Request(t.Context(), "k", machine.Effect{Method: "POST", URL: o.URL, Headers: []machine.Field{f}})
		wantCode(t, r, problem.RequestUnusable, false)
	}
	if n := len(o.carriedOut()); n != 0 {
		t.Errorf("%d requests went out", n)
	}
}

func TestAddressesThatCannotBeCalled(t *testing.T) {
	t.Parallel()
	s := sender(t, egress.Options{Allow: loopback}, outside.Mail{})
	for _, url := range []string{"", "ftp://opensesame/", "file:///etc/opensesame", "//opensesame", "http://", "http://:80/opensesame", "opensesame", "http://u:opensesame@127.0.0.1/", "http://a b/opensesame", "http:opensesame", "http://x/%zzopensesame"} {
		r := s.Request(t.Context(), "k", machine.Effect{Method: "GET", URL: url})
		wantCode(t, r, problem.RequestUnusable, false)
		if strings.Contains(told(r), "opensesame") {
			t.Errorf("the address is shown: %s", told(r))
		}
	}
}

func TestBodiesOfAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ kind, body, want string }{
		"JSON":                      {"application/json", `[1, {"a": "<&>"}]`, `[1,{"a":"\u003c\u0026\u003e"}]`},
		"JSON of a problem":         {"application/problem+json", `{}`, `{}`},
		"none":                      {"application/json", "", `null`},
		"text":                      {"text/plain", "1", `"1"`},
		"text in another charset":   {"text/plain; charset=iso-8859-1", "K\xf6ln", `"Köln"`},
		"text that is no UTF-8":     {"text/plain", "K\xf6ln", `"K` + "\ufffd" + `ln"`},
		"of no kind":                {"", `{"a":1}`, `"{\"a\":1}"`},
		"JSON that cannot be read":  {"application/json", `{"a":`, `"{\"a\":"`},
		"JSON with a name twice":    {"application/json", `{"a":1,"a":2}`, `"{\"a\":1,\"a\":2}"`},
		"JSON with more behind":     {"application/json", `{} {}`, `"{} {}"`},
		"a page that says it is no": {"text/html", `<p>`, `"\u003cp\u003e"`},
	} {
		o := others(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{test.kind}
			_, _ = io.WriteString(w, test.body)
		})
		r := sender(t, egress.Options{Allow: loopback}, outside.Mail{}).Request(t.Context(), "k", machine.Effect{Method: "GET", URL: o.URL})
		if v := value(t, r); string(v.Body) != test.want {
			t.Errorf("%s: %s", name, v.Body)
		}
	}
}

// What steps cannot hold is a text, however near it is to what they can.
func TestJSONThatIsTooDeep(t *testing.T) {
	t.Parallel()
	deepest := 0
	for depth := 1; depth < 2000; depth++ {
		if _, err := lang.Decode([]byte(strings.Repeat("[", depth) + strings.Repeat("]", depth))); err == nil {
			deepest = depth
		}
	}
	for depth := deepest - 2; depth <= deepest+2; depth++ {
		o := others(t, answerJSON(strings.Repeat("[", depth)+strings.Repeat("]", depth)))
		r := sender(t, egress.Options{Allow: loopback}, outside.Mail{}).Request(t.Context(), "k", machine.Effect{Method: "GET", URL: o.URL})
		if _, err := lang.Decode(r.Value); err != nil {
			t.Errorf("%d deep of %d: %v", depth, deepest, err)
		}
	}
}

func TestAnswersThatAreTooLong(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"as it comes": `"` + strings.Repeat("a", outside.MaxAnswer) + `"`, "as JSON": strings.Repeat("\x01", outside.MaxAnswer/2)} {
		o := others(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		s := sender(t, egress.Options{Allow: loopback}, outside.Mail{})
		wantCode(t, s.Request(t.Context(), "k", machine.Effect{Method: "GET", URL: o.URL}), problem.RequestUnanswered, false, "longer than", `"status":200`)
		wantCode(t, s.Request(t.Context(), "k", machine.Effect{Method: "POST", URL: o.URL}), problem.RequestOutcomeUnknown, true, "longer than", `"status":200`)
		if n := len(o.carriedOut()); n != 2 {
			t.Errorf("%s: %d requests", name, n)
		}
	}
	o := others(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("a", outside.MaxAnswer-2))
	})
	value(t, sender(t, egress.Options{Allow: loopback}, outside.Mail{}).Request(t.Context(), "k", machine.Effect{Method: "GET", URL: o.URL}))
}

func TestStatusesThatAStepExpects(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		expect []int
		good   bool
	}{{200, nil, true}, {204, nil, true}, {299, nil, true}, {302, nil, false}, {404, nil, false}, {404, []int{200, 404}, true}, {200, []int{404}, false}, {302, []int{302}, true}, {500, []int{500}, true}} {
		o := others(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(test.status) })
		r := sender(t, egress.Options{Allow: loopback}, outside.Mail{}).Request(t.Context(), "k", machine.Effect{Method: "POST", URL: o.URL, Expect: test.expect, Repeatable: true})
		if test.good {
			if v := value(t, r); v.Status != test.status {
				t.Errorf("%s", r.Value)
			}
			continue
		}
		wantCode(t, r, problem.UnexpectedAnswer, false, "answered")
		if r.Failure.Upstream.Status != test.status {
			t.Error(told(r))
		}
	}
}
