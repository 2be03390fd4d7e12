package api

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// maxKept is the largest buffer that is kept for the next answer.
const maxKept = 1 << 20

// send sends a JSON answer that is written by hand, at once and with its length, when there is memory for it.
func (s *server) send(hc huma.Context, next string, write func(*bytes.Buffer)) {
	b, _ := s.buffers.Get().(*bytes.Buffer)
	if b == nil {
		b = new(bytes.Buffer)
	}
	defer s.keep(b)
	write(b)
	release, err := s.limiter.hold(callerOf(hc.Context()).id(), int64(b.Len()))
	if err != nil {
		r, w := humago.Unwrap(hc)
		w.Header().Del("ETag")
		s.fail(w, r, err)
		return
	}
	defer release()
	linkNext(hc, next)
	hc.SetHeader("Content-Type", "application/json")
	hc.SetHeader("Content-Length", strconv.Itoa(b.Len()))
	hc.SetStatus(http.StatusOK)
	_, _ = hc.BodyWriter().Write(b.Bytes())
}

func (s *server) keep(b *bytes.Buffer) {
	if b.Reset(); b.Cap() <= maxKept {
		s.buffers.Put(b)
	}
}
