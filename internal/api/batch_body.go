package api

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/write"
)

// batchBody reads the body of a batch as it comes: one JSON object, or a JSON object on each line. It holds one item at a time.
type batchBody struct {
	options batchOptions
	count   int

	in    *slowReader
	sum   hash.Hash
	bound *boundReader
	json  *jsontext.Decoder // of one JSON object
	lines *bufio.Reader     // of NDJSON
	begun bool              // the list of items was found
}

// openBatch prepares the reading of a body of one of the two kinds.
func openBatch(r *http.Request, w http.ResponseWriter, l Limits) (*batchBody, error) {
	kind, err := batchKind(r.Header)
	if err != nil {
		return nil, err
	}
	if r.ContentLength > maxBatch {
		w.Header().Set("Connection", "close")
		return nil, batchTooLarge()
	}
	b := &batchBody{sum: sha256.New(), in: &slowReader{from: http.MaxBytesReader(w, r.Body, maxBatch), control: http.NewResponseController(w), idle: l.Idle}}
	b.in.start(l.Upload)
	fmt.Fprintf(b.sum, "%s\n%s\n%s\n", r.Method, r.URL.EscapedPath(), r.URL.RawQuery)
	b.bound = &boundReader{from: io.TeeReader(b.in, b.sum), limit: maxItem}
	if kind == ndjsonType {
		b.lines = bufio.NewReaderSize(b.bound, 64<<10)
	} else {
		b.json = jsontext.NewDecoder(b.bound)
	}
	return b, nil
}

func (b *batchBody) close() { b.in.stop() }

// hash is of what the idempotency key stands for; the whole body was read.
func (b *batchBody) hash() []byte { return b.sum.Sum(nil) }

// begin takes the options of the request, and those that stand before the items in a JSON body.
func (b *batchBody) begin(o BatchOptions) error {
	b.options = batchOptions{BatchOptions: o}
	if b.json == nil {
		return nil
	}
	return b.head()
}

// items gives the items as they are read. An error ends them.
func (b *batchBody) items(yield func(write.BatchItem, error) bool) {
	each := b.jsonItems
	if b.lines != nil {
		each = b.lineItems
	}
	err := each(func(text []byte, fault error) error {
		if b.count++; b.count > write.MaxItems {
			return problem.Newf(problem.PayloadTooLarge, "A batch may have %d items. Split it.", write.MaxItems)
		}
		if !yield(batchItemOf(text, fault), nil) {
			return errEnough
		}
		return nil
	})
	switch {
	case errors.Is(err, errEnough):
	case err != nil:
		yield(write.BatchItem{}, err)
	case b.count == 0:
		yield(write.BatchItem{}, noItems())
	}
}

// errEnough says that the taker of items wants no more.
var errEnough = errors.New("no more items are wanted")

func noItems() error {
	p := problem.New(problem.ValidationFailed, "The batch has no items.")
	return p.At("/items", problem.Required, "Give at least one item.")
}

// batchKind tells which kind of body it is.
func batchKind(h http.Header) (string, error) {
	kind, options, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err == nil && kind == ndjsonType && len(h.Values("Content-Type")) == 1 && (options["charset"] == "" || strings.EqualFold(options["charset"], "utf-8")) {
		plain := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": h.Values("Content-Encoding")}
		return ndjsonType, isJSON(plain)
	}
	if err := isJSON(h); err != nil {
		return "", problem.Newf(problem.UnsupportedMediaType, "Send the batch as Content-Type: application/json, or as %s with one item on each line, in UTF-8 and without Content-Encoding.", ndjsonType)
	}
	return "application/json", nil
}

func batchTooLarge() error {
	return problem.New(problem.PayloadTooLarge, "The body of a batch may be 512 MiB, and one item of it 1 MiB. Split it.")
}

// broken says why a body could not be read to its end.
func broken(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), errors.Is(err, errItemTooLarge):
		return batchTooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem.New(problem.MalformedRequest, "The body came too slowly and was given up; nothing was kept. Send it again, in smaller batches or over a better line.").Wrap(err)
	}
	return problem.New(problem.MalformedRequest, "The body broke off; nothing was kept. Send it again.").Wrap(err)
}

// slowReader gives a client a bounded time for each piece of a body, and for all of it.
type slowReader struct {
	from    io.Reader
	control *http.ResponseController
	idle    time.Duration
	timer   *time.Timer
	total   *time.Timer
	ended   bool // the body was read to its end
}

// start replaces the server's own times, which are made for small bodies.
func (r *slowReader) start(total time.Duration) {
	_ = r.control.SetReadDeadline(time.Time{})
	_ = r.control.SetWriteDeadline(time.Time{})
	expire := func() { _ = r.control.SetReadDeadline(time.Unix(1, 0)) }
	r.total = time.AfterFunc(total, expire)
	r.timer = time.AfterFunc(r.idle, expire)
	r.timer.Stop()
}

func (r *slowReader) Read(p []byte) (int, error) {
	r.timer.Reset(r.idle)
	defer r.timer.Stop()
	n, err := r.from.Read(p)
	r.ended = r.ended || err == io.EOF
	return n, err
}

// stop ends the reading. What was not read is not waited for: the answer goes out, and then the connection ends.
func (r *slowReader) stop() {
	r.timer.Stop()
	r.total.Stop()
	if !r.ended {
		_ = r.control.SetReadDeadline(time.Unix(1, 0))
	}
}

// errItemTooLarge says that a value is larger than an item may be.
var errItemTooLarge = errors.New("the item is too large")

// boundReader refuses to be read further than limit bytes, and what a reader takes ahead, behind the last mark: whoever reads values from it holds no larger one.
type boundReader struct {
	from  io.Reader
	limit int64
	read  int64
	mark  int64 // offset at which the value at hand begins
}

func (r *boundReader) Read(p []byte) (int, error) {
	left := r.mark + r.limit - r.read
	if left <= 0 {
		return 0, errItemTooLarge
	}
	n, err := r.from.Read(p[:min(int64(len(p)), left)])
	r.read += int64(n)
	return n, err
}
