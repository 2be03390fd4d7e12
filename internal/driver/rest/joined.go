package rest

import (
	"net/url"
	"slices"
	"strings"
)

// joinedOptions name a parameter that takes several conditions: those of the fixed query, of filters, of paging and of searches stand in it side by side.
type joinedOptions struct {
	Param  string `yaml:"param" manifest:"required"`
	With   string `yaml:"with" manifest:"required"` // what stands between two conditions
	Around string `yaml:"around"`                   // the whole value, with {} for the conditions; default {}
}

// asking is a query in the making.
type asking struct {
	values url.Values
	joined *joinedOptions
}

// set gives a parameter its values. Those of the joined one are added to what it has.
func (q *asking) set(name string, values ...string) {
	if q.joined == nil || name != q.joined.Param {
		q.values[name] = values
		return
	}
	q.values[name] = append(slices.Clone(q.values[name]), values...)
}

func (q *asking) setAll(values url.Values) {
	for name, v := range values {
		q.set(name, v...)
	}
}

// query gives the parameters as they are sent.
func (q *asking) query() url.Values {
	if j := q.joined; j != nil && len(q.values[j.Param]) > 0 {
		all := strings.Join(q.values[j.Param], j.With)
		q.values.Set(j.Param, strings.Replace(orElse(j.Around, "{}"), "{}", all, 1))
	}
	return q.values
}
