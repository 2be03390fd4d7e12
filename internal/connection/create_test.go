package connection_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	login := w.login()
	for name, value := range login { // white space around a value is what a copy brings along
		login[name] = " " + value + "\r\n"
	}
	made, err := w.Create(acting(t.Context()), w.project, connection.New{
		System: "acme", Name: "Plant 1", Credentials: login, Tags: []string{"eu", "eu", "pilot"}, Metadata: json.RawMessage(`{"customer": 7}`),
		History: "P30D", Schedule: "5m", Entities: []string{"purchase-orders", "vendors"},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := w.stored(made.Connection)
	if c.State != store.ConnectionSyncing || c.SystemVersion != "4.2" || c.TimeZone != "Europe/Berlin" || c.AuthMethod != "basic" || c.Name != "Plant 1" {
		t.Errorf("stored: %+v", c)
	}
	if fmt.Sprint(c.Tags) != "[eu pilot]" || string(c.Metadata) != `{"customer": 7}` || !c.StateSince.Equal(w.clock()) {
		t.Errorf("stored: %+v", c)
	}
	if len(c.Public) != 4 || c.Public["url"] != w.system.server.URL || c.Public["company"] != "1" || c.Public["password"] != "" {
		t.Errorf("public fields: %v", c.Public)
	}
	streams, err := w.store.Streams(t.Context(), c.Scope())
	if err != nil || len(streams) != 2 || len(made.Runs) != 2 {
		t.Fatalf("%d streams, %d runs, %v; want 2 of each", len(streams), len(made.Runs), err)
	}
	for i, want := range []struct{ entity, history string }{{"vendors", "all"}, {"purchase-orders", "P30D"}} {
		got := streams[i]
		if got.Entity != want.entity || got.History != want.history || got.Schedule != "5m" || got.NextRunAt.IsZero() {
			t.Errorf("stream %d: %+v", i, got)
		}
		if run := made.Runs[i]; run.Entity != want.entity || run.Mode != store.Full || run.Trigger != "connect" || run.State != store.RunQueued {
			t.Errorf("run %d: %+v", i, run)
		}
	}
	if who, err := w.Authenticate(t.Context(), made.Token.Plain); err != nil || who.Connection.ID != c.ID || fmt.Sprint(who.Token.Scopes) != "[read sync write]" {
		t.Errorf("the first token: %+v, %v", who, err)
	}
}

func TestCreateDefaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.create()
	streams, err := w.store.Streams(t.Context(), made.Connection.Scope())
	if err != nil || len(streams) != 3 || streams[2].History != "P90D" || streams[0].Schedule != "1h" {
		t.Errorf("streams: %+v, %v", streams, err)
	}
	if c := made.Connection; c.Name != "Acme ERP" || string(c.Metadata) != "{}" || made.Token.Label != "default" {
		t.Errorf("connection: %+v, token %v", c, made.Token)
	}
}

func TestManualScheduleIsNeverDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, err := w.Create(acting(t.Context()), w.project, connection.New{System: "acme", Credentials: w.login(), Schedule: "manual"})
	if err != nil {
		t.Fatal(err)
	}
	streams, _ := w.store.Streams(t.Context(), made.Connection.Scope())
	for _, st := range streams {
		if !st.NextRunAt.IsZero() {
			t.Errorf("%s is due at %s", st.Entity, st.NextRunAt)
		}
	}
}

// Everything wrong is named at once, and nothing is asked of the system.
func TestCreateNamesEveryFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Create(acting(t.Context()), w.project, connection.New{
		System: "acme", Name: strings.Repeat("x", 201), TimeZone: "Mars/Olympus", History: "90", Schedule: "often",
		Metadata: json.RawMessage(`[1]`), Tags: []string{"ok", ""}, Entities: []string{"vendor"},
		Credentials: map[string]string{"url": "erp.example.com", "pasword": "CANARY-x", "company": "one"},
	})
	for pointer, fault := range map[string]problem.Fault{
		"/name": problem.OutOfRange, "/time_zone": problem.Invalid, "/history": problem.Invalid, "/schedule": problem.Invalid,
		"/metadata": problem.Invalid, "/tags/1": problem.Required, "/entities/0": problem.Unknown, "/credentials/url": problem.Invalid,
		"/credentials/database": problem.Required, "/credentials/username": problem.Required, "/credentials/password": problem.Required,
		"/credentials/pasword": problem.Unknown, "/credentials/company": problem.Invalid,
	} {
		wantProblem(t, err, problem.ValidationFailed, pointer, fault)
	}
	text := fmt.Sprintf("%+v", problemIn(err).Items)
	if !strings.Contains(text, "did you mean vendors?") || !strings.Contains(text, "did you mean password?") || strings.Contains(text, "CANARY") {
		t.Errorf("details: %s", text)
	}
	if w.system.logins != 0 {
		t.Error("the system was asked")
	}
}

func TestCreateChecksSingleValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := func(field, value string) connection.New {
		login := w.login()
		login[field] = value
		return connection.New{System: "acme", Credentials: login}
	}
	cases := map[string]struct {
		n       connection.New
		pointer string
		fault   problem.Fault
	}{
		"misspelt system":       {connection.New{System: "acne"}, "/system", problem.Unknown},
		"no system":             {connection.New{}, "/system", problem.Required},
		"unknown method":        {connection.New{System: "acme", AuthMethod: "oauth2", Credentials: w.login()}, "/auth_method", problem.Unknown},
		"field of other method": {connection.New{System: "acme", AuthMethod: "api_key", Credentials: w.login()}, "/credentials/username", problem.Unknown},
		"login within address":  {set("url", "https://ann:x@erp.example.com"), "/credentials/url", problem.Invalid},
		"query in address":      {set("url", "https://erp.example.com/?db=1"), "/credentials/url", problem.Invalid},
		"other scheme":          {set("url", "file:///etc/passwd"), "/credentials/url", problem.Invalid},
		"no host":               {set("url", "https://"), "/credentials/url", problem.Invalid},
		"control character":     {set("username", "ann\r\nX-Evil: 1"), "/credentials/username", problem.Invalid},
		"long value":            {set("username", strings.Repeat("a", 3000)), "/credentials/username", problem.OutOfRange},
		"inner control":         {set("password", "a\tb"), "/credentials/password", problem.Invalid},
		"port out of range":     {set("url", "https://erp.example.com:65536"), "/credentials/url", problem.Invalid},
		"port zero":             {set("url", "https://erp.example.com:0/x"), "/credentials/url", problem.Invalid},
		"only white space":      {set("password", " \n"), "/credentials/password", problem.Required},
		"zero byte":             {set("password", "a\x00b"), "/credentials/password", problem.Invalid},
		"many tags":             {connection.New{System: "acme", Credentials: w.login(), Tags: make([]string, 21)}, "/tags", problem.OutOfRange},
		"long tag":              {connection.New{System: "acme", Credentials: w.login(), Tags: []string{strings.Repeat("é", 65)}}, "/tags/0", problem.OutOfRange},
		"large metadata":        {connection.New{System: "acme", Credentials: w.login(), Metadata: json.RawMessage(`{"a":"` + strings.Repeat("x", 17000) + `"}`)}, "/metadata", problem.OutOfRange},
		"name twice":            {connection.New{System: "acme", Credentials: w.login(), Metadata: json.RawMessage(`{"a":1,"a":2}`)}, "/metadata", problem.Invalid},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := w.Create(acting(t.Context()), w.project, c.n)
			wantProblem(t, err, problem.ValidationFailed, c.pointer, c.fault)
		})
	}
}

// What the check of a login meets becomes one of a few codes; nothing that answered is repeated.
func TestCreateProbes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answer, field, value string
		code                 problem.Code
		pointer              string
		fault                problem.Fault
	}{
		"wrong password": {"", "password", "CANARY-wrong", problem.ValidationFailed, "/credentials/password", problem.CredentialsRefused},
		"wrong database": {"", "database", "plant2", problem.ValidationFailed, "/credentials/database", problem.CredentialsRefused},
		"nothing there":  {"", "url", "http://127.0.0.1:1", problem.SystemUnreachable, "/credentials/url", problem.Unreachable},
		"a web page":     {"html", "", "", problem.SystemUnreachable, "/credentials/url", problem.NotThisSystem},
		"a fault":        {"fault", "", "", problem.SystemError, "/credentials/url", problem.SystemFailed},
		"told to wait":   {"slow-down", "", "", problem.SystemRateLimited, "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.system.set(c.answer, canary)
			login := w.login()
			login[c.field] = c.value
			if c.field == "" {
				delete(login, "")
			}
			_, err := w.Create(acting(t.Context()), w.project, connection.New{System: "acme", Credentials: login})
			wantProblem(t, err, c.code, c.pointer, c.fault)
			p := problemIn(err)
			if text := fmt.Sprintf("%s %+v %+v", p, p.Items, p.Upstream); strings.Contains(text, "CANARY") {
				t.Errorf("an answer or a value is repeated: %s", text)
			}
			if c.answer == "slow-down" && p.RetryAfter != 7 {
				t.Errorf("retry after %d, want 7", p.RetryAfter)
			}
			all, err := w.store.Connections(t.Context(), w.project, store.ConnectionFilter{Limit: 10})
			if err != nil || len(all) != 0 || w.system.clients.Load() != 0 {
				t.Errorf("%d connections are stored (%v), %d clients left open", len(all), err, w.system.clients.Load())
			}
		})
	}
}

// The data directory holds no login and no token, wherever it is looked at.
func TestDataHoldNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.create()
	key, err := w.IssueKey(acting(t.Context()), w.project, connection.NewKey{Label: "ci"})
	if err != nil {
		t.Fatal(err)
	}
	w.system.set("", renewed)
	if err := w.Reauthorize(acting(t.Context()), made.Connection, connection.Renewal{Credentials: map[string]string{"password": renewed}}); err != nil {
		t.Fatal(err)
	}
	_, _ = w.Report(t.Context(), made.Connection, errors.New("x"))
	secrets := []string{canary, renewed, "hunter2", made.Token.Plain, key.Plain, made.Token.Plain[7:], key.Plain[7:39]}
	files := 0
	err = filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for _, s := range secrets {
			if strings.Contains(string(data), s) {
				t.Errorf("%s holds %q", filepath.Base(path), s)
			}
		}
		return err
	})
	if err != nil || files < 2 {
		t.Errorf("looked at %d files, %v; want database and log at least", files, err)
	}
	for _, s := range secrets {
		for _, v := range []any{made.Token, &made.Token, *made, connection.New{Credentials: map[string]string{"password": s}}} {
			j, _ := json.Marshal(v)
			if text := fmt.Sprintf("%v %+v %#v %s", v, v, v, j); strings.Contains(text, s) {
				t.Errorf("%T prints %q", v, s)
			}
		}
		if strings.Contains(w.log.String(), s) {
			t.Errorf("the log holds %q", s)
		}
	}
}
