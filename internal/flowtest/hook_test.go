package flowtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// hook takes messages.
type hook struct {
	URL string
	mu  sync.Mutex
	got []message
}

type message struct {
	head http.Header
	body []byte
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.got = append(h.got, message{r.Header.Clone(), text})
	}))
	t.Cleanup(s.Close)
	h.URL = s.URL
	return h
}

// take gives the messages that came since it was last asked.
func (h *hook) take() []message {
	h.mu.Lock()
	defer h.mu.Unlock()
	got := h.got
	h.got = nil
	return got
}
