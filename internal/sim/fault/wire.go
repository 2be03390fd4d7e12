package fault

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// closer is a writer that has something to do at the end of the body.
type closer interface{ close() }

// bend gives a writer that does to the body what the fault says, outermost first: rewritten, compressed, then damaged on its way.
func (f *Fault) bend(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	if f.Cut > 0 || f.Slow > 0 || f.Stall > 0 {
		w = &bad{ResponseWriter: w, fault: *f, request: r}
	}
	if f.Gzip && f.Make != nil {
		w.Header().Set("Content-Encoding", "gzip")
		return &zipped{w, gzip.NewWriter(w)}
	}
	if f.Rewrite != nil || f.Gzip || f.Longer != 0 || f.Torn > 0 {
		return &whole{to: w, header: http.Header{}, fault: *f}
	}
	return w
}

// bad lets some bytes of the body through and then breaks the connection, falls silent, or sends them one by one.
type bad struct {
	http.ResponseWriter
	fault   Fault
	request *http.Request
	sent    int
}

func (b *bad) Write(p []byte) (int, error) {
	for i := range p {
		switch {
		case b.fault.Cut > 0 && b.sent == b.fault.Cut-1:
			_, _ = b.ResponseWriter.Write(p[i : i+1])
			_ = http.NewResponseController(b.ResponseWriter).Flush()
			panic(http.ErrAbortHandler)
		case b.fault.Stall > 0 && b.sent == b.fault.Stall:
			_ = http.NewResponseController(b.ResponseWriter).Flush()
			<-b.request.Context().Done()
			panic(http.ErrAbortHandler)
		case b.fault.Slow > 0:
			_ = http.NewResponseController(b.ResponseWriter).Flush()
			Wait(b.request, b.fault.Slow)
		}
		if n, err := b.ResponseWriter.Write(p[i : i+1]); err != nil {
			return i + n, err
		}
		b.sent++
	}
	return len(p), nil
}

// zipped compresses a body of any size on its way.
type zipped struct {
	http.ResponseWriter
	zip *gzip.Writer
}

func (z *zipped) Write(p []byte) (int, error) { return z.zip.Write(p) }
func (z *zipped) close()                      { _ = z.zip.Close() }

// whole keeps the answer until it is complete, and sends what the fault makes of it.
type whole struct {
	to     http.ResponseWriter
	header http.Header
	status int
	body   bytes.Buffer
	fault  Fault
}

func (h *whole) Header() http.Header         { return h.header }
func (h *whole) WriteHeader(status int)      { h.status = status }
func (h *whole) Write(p []byte) (int, error) { return h.body.Write(p) }

func (h *whole) close() {
	body := h.body.Bytes()
	if h.fault.Rewrite != nil && orOK(h.status) < 300 {
		body = h.fault.Rewrite(body)
	}
	to := h.to.Header()
	for name, values := range h.header {
		to[name] = values
	}
	if h.fault.Gzip {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write(body)
		_ = z.Close()
		body = packed.Bytes()
		to.Set("Content-Encoding", "gzip")
	}
	to.Set("Content-Length", strconv.Itoa(len(body)+h.fault.Longer))
	if h.fault.Torn > 0 {
		h.tear(body)
		return
	}
	h.to.WriteHeader(orOK(h.status))
	_, _ = h.to.Write(body[:min(len(body), len(body)+h.fault.Longer)])
}

// tear sends the first bytes of the answer, head and body, and closes the connection.
func (h *whole) tear(body []byte) {
	conn, _, err := http.NewResponseController(h.to).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "HTTP/1.1 %d %s\r\n", orOK(h.status), http.StatusText(orOK(h.status)))
	_ = h.to.Header().Write(&text)
	text.WriteString("\r\n")
	text.Write(body)
	_, _ = conn.Write(text.Next(h.fault.Torn))
	_ = conn.Close()
}

// Body makes a body while it is sent, so that a large one costs the simulator nothing.
type Body func(io.Writer) error

// Repeat is a body of a head, a part n times, and a tail.
func Repeat(head, part string, n int, tail string) Body {
	return func(w io.Writer) error {
		if _, err := io.WriteString(w, head); err != nil {
			return err
		}
		per := max(1, 32<<10/len(part))
		block := bytes.Repeat([]byte(part), per)
		for left := n; left > 0; left -= per {
			if _, err := w.Write(block[:min(left, per)*len(part)]); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, tail)
		return err
	}
}
