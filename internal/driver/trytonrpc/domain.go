package trytonrpc

import (
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// listing is what one request asks for, without its paging.
func (r *reading) listing(q driver.Request) []any {
	domain := all(r.Domain, r.Archived)
	if q.Hot && len(r.hot) > 0 {
		domain = append(domain, r.hot)
	}
	if !q.Since.IsZero() {
		domain = append(domain, r.changedSince(q.Since))
	}
	if from := q.HistoryFrom; !from.IsZero() && q.Entity.History != "" {
		field := strings.ReplaceAll(q.Entity.History, "/", ".")
		domain = append(domain, or([]any{field, ">=", date(from)}, []any{field, "=", nil}))
	}
	return domain
}

// all is the domain itself, with archived records if they are wanted: Tryton leaves them out of any domain that does not name
// `active`.
func all(domain []any, archived bool) []any {
	out := make([]any, 0, len(domain)+4)
	if len(domain) > 0 {
		out = append(out, domain)
	}
	if archived {
		out = append(out, []any{"active", "in", []bool{true, false}})
	}
	return out
}

// changedSince holds for records that were written or created, or have a related one that was, at or after t.
func (r *reading) changedSince(t time.Time) []any {
	ways := []any{stamped(t)}
	for _, c := range r.ChangesWith {
		ways = append(ways, where(c.Field, append(all(nil, c.Archived), stamped(t))))
	}
	return or(ways...)
}

// where holds for records of which a related one, along the fields with dots between them, fits the domain.
func where(fields string, domain []any) []any {
	first, rest, deeper := strings.Cut(fields, ".")
	if deeper {
		domain = []any{where(rest, domain)}
	}
	return []any{first, "where", domain}
}

// stamped holds for records written at or after t, or created then and never written: write_date is null until the first update.
func stamped(t time.Time) []any {
	return or([]any{"write_date", ">=", datetime(t)}, []any{[]any{"write_date", "=", nil}, []any{"create_date", ">=", datetime(t)}})
}

func or(ways ...any) []any { return append([]any{"OR"}, ways...) }
