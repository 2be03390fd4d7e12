package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/flow/hook"
	"github.com/busbar-dev/busbar/internal/problem"
)

// takenCall answers a call of a flow's address.
type takenCall struct {
	Run *string `json:"run"` // null: the flow skips calls while a run is under way
}

// mountHooks adds the addresses of flows. Whoever has one may call: nobody logs in.
func (s *server) mountHooks() {
	s.mux.HandleFunc("POST "+flow.HookPath+"{secret}", func(w http.ResponseWriter, r *http.Request) {
		run, err := s.takeCall(w, r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(takenCall{run})
	})
}

// takeCall begins the run of a call. An address that leads nowhere and a signature that is wrong count as a token that is not accepted.
func (s *server) takeCall(w http.ResponseWriter, r *http.Request) (run *string, err error) {
	if err := s.unknown.admit(r); err != nil {
		return nil, err
	}
	f, err := s.Flows.Hooked(r.Context(), r.PathValue("secret"))
	if err != nil {
		s.unknown.note(r, stranger(err))
		return nil, err
	}
	release, err := s.limiter.take(w.Header(), f.ID)
	defer release()
	if err != nil {
		return nil, err
	}
	body, err := callBody(w, r)
	if err != nil {
		return nil, err
	}
	begun, err := s.Flows.Hook(r.Context(), f, r.Header, body)
	s.unknown.note(r, stranger(err))
	if err != nil || begun == nil {
		return nil, err
	}
	return &begun.ID, nil
}

// stranger gives the error that counts as a secret that is not accepted, of one that says so.
func stranger(err error) error {
	if err == nil {
		return nil
	}
	if code := problemOf(err).Code; code == problem.NotFound || code == problem.InvalidSignature {
		return problem.New(problem.InvalidToken, "")
	}
	return err
}

func callBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, hook.MaxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		w.Header().Set("Connection", "close")
		return nil, tooLarge()
	}
	if err != nil {
		return nil, problem.New(problem.MalformedRequest, "The body broke off. Send it again.").Wrap(err)
	}
	return body, nil
}

// hookSecret is the secret of an address of a flow; empty of other paths.
func hookSecret(r *http.Request) string {
	if r.URL == nil {
		return ""
	}
	plain, _ := strings.CutPrefix(r.URL.Path, flow.HookPath)
	if plain == r.URL.Path {
		return ""
	}
	return plain
}
