package store

// cutter ends a page at its limit or byte budget.
type cutter struct {
	limit, budget int
	n, bytes      int
	more          bool
}

// maxPage holds whatever the caller says.
const maxPage = 10_000

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

// took counts the bytes of the row.
func (c *cutter) took(bytes int) { c.bytes += bytes }
