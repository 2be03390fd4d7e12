package store

// cutter ends a page at its limit or byte budget, and keeps the bytes of all its records in few buffers.
type cutter struct {
	limit, budget int
	n, bytes      int
	more          bool
	buf           []byte
}

const (
	maxPage    = 10_000 // whatever the caller says
	firstBytes = 64 << 10
)

func newCutter(r Range) *cutter {
	limit := r.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	return &cutter{limit: min(limit, maxPage), budget: r.Bytes}
}

// full counts a row, and says that the page has ended before it.
func (c *cutter) full() bool {
	if c.n == c.limit || c.budget > 0 && c.n > 0 && c.bytes >= c.budget {
		c.more = true
		return true
	}
	c.n++
	return false
}

// keep copies bytes that live only during the scan.
func (c *cutter) keep(b []byte) []byte {
	if cap(c.buf)-len(c.buf) < len(b) {
		c.buf = make([]byte, 0, max(len(b), firstBytes, 2*cap(c.buf)))
	}
	start := len(c.buf)
	c.buf = append(c.buf, b...)
	c.bytes += len(b)
	return c.buf[start:len(c.buf):len(c.buf)]
}
