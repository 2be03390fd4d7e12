package file

import (
	"context"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// given remembers the records of the newer files of a chain over everything, for the chains of this process. Another process finds them out anew.
type given struct {
	mu     sync.Mutex
	chains map[string]*givenBy // by entity
}

// givenBy are the records of one chain's first files.
type givenBy struct {
	at    int64
	files int                       // the first so many are in seen
	seen  map[xxh3.Uint128]struct{} // ids
}

// of gives what is known of the first files of a chain, nothing when it is of more than n.
func (g *given) of(chain *receipt, n int) *givenBy {
	known := g.chains[chain.Entity]
	if known != nil && known.at == chain.At.UnixMicro() && known.files <= n {
		return known
	}
	if g.chains == nil {
		g.chains = map[string]*givenBy{}
	}
	known = &givenBy{at: chain.At.UnixMicro(), seen: map[xxh3.Uint128]struct{}{}}
	g.chains[chain.Entity] = known
	return known
}

// latest leaves out the earlier ones of several records of one id: in a file of changes the later one counts.
func latest(e *manifest.Entity, records [][]byte) [][]byte {
	last := map[string]int{}
	for i, record := range records {
		if id, ok := idOf(e, record); ok {
			last[id] = i
		}
	}
	kept := records[:0]
	for i, record := range records {
		if id, ok := idOf(e, record); !ok || last[id] == i {
			kept = append(kept, record)
		}
	}
	return kept
}

// once leaves out of a page what a newer file has given. Within one file the later record counts, as everywhere.
func (c *client) once(ctx context.Context, p place, e *manifest.Entity, chain *receipt, n int, s stretch) ([][]byte, error) {
	c.given.mu.Lock()
	defer c.given.mu.Unlock()
	known := c.given.of(chain, n)
	for ; known.files < n; known.files++ {
		f := chain.file(known.files)
		err := c.scan(ctx, p, e, placed{f.entry, f.Path}, func(record []byte) {
			if id, ok := idOf(e, record); ok {
				known.seen[xxh3.HashString128(id)] = struct{}{}
			}
		})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(s.records, func(record []byte) bool {
		id, ok := idOf(e, record)
		_, newer := known.seen[xxh3.HashString128(id)]
		return ok && newer
	}), nil
}
