package problem_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/busbar-dev/busbar/internal/problem"
)

// What is kept with an item is the same problem when it is read back.
func TestDocumentsComeBack(t *testing.T) {
	t.Parallel()
	for _, e := range []*problem.Error{
		problem.New(problem.Conflict, "There is one <already> & more."),
		problem.New(problem.ValidationFailed, "Mend it: It must be given.").At("/name", problem.Required, "It must be given."),
		{Code: problem.SystemError, Detail: "It failed.", RetryAfter: 7, Upstream: &problem.Upstream{Status: 500, Code: "E1", Message: "no"}},
		problem.New(problem.VersionMismatch, "Stale.").With("current_version", "1.7"),
	} {
		text := problem.Document(e)
		if got := problem.FromDocument(text); !reflect.DeepEqual(got, e) || !json.Valid(text) {
			t.Errorf("%s came back as %+v", text, got)
		}
	}
}

func TestABodyTellsTheRest(t *testing.T) {
	t.Parallel()
	if b := problem.New(problem.NotFound, "").Body(); b.Detail == "" || b.Status != 404 || b.Type != "/docs/problems/not-found" {
		t.Errorf("got %+v", b)
	}
	if b := problem.New(problem.ValidationFailed, "Mend it.").At("/name", problem.Required, "It must be given.").Body(); b.Detail != "Mend it. /name: It must be given." {
		t.Errorf("got %q", b.Detail)
	}
	if b := problem.New(problem.ValidationFailed, "Mend it.").At("/nme", problem.Unknown, "Did you mean name?").Body(); b.Detail != "Mend it. /nme: Did you mean name?" {
		t.Errorf("got %q", b.Detail)
	}
	if b := problem.New("no-such-code", "x").Body(); b.Code != problem.Internal || b.Status != 500 {
		t.Errorf("got %+v", b)
	}
	for _, text := range []string{"", "[]", "{}", `{"detail":"x"}`} {
		if e := problem.FromDocument([]byte(text)); e.Code != problem.Internal {
			t.Errorf("%q is %+v", text, e)
		}
	}
}
