package api

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/problem"
)

// strictQuery lets a request through whose query can be read in one way only, and passes it on in one spelling: a part that is
// dropped in silence could be a filter.
func (s *server) strictQuery(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "" || !strings.HasPrefix(r.URL.Path, "/v1/") {
			next.ServeHTTP(w, r)
			return
		}
		query, err := parseQuery(r.URL.RawQuery)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		target := *r.URL
		target.RawQuery = query.Encode()
		r.URL = &target
		next.ServeHTTP(w, r)
	})
}

// parseQuery reads a query in which every name stands once.
func parseQuery(raw string) (url.Values, error) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, &problem.Error{Code: problem.MalformedRequest, Err: err,
			Detail: fmt.Sprintf("The query cannot be read: %s. Separate parameters by & and write special characters as %%XX.", cut(err.Error()))}
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if len(query[name]) > 1 {
			return nil, invalidParameter(cut(name), fmt.Sprintf("%s is there %d times. Send it once; where it takes several words, separate them by commas: include=a,b.",
				quote(name), len(query[name])))
		}
	}
	return query, nil
}
