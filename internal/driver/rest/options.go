package rest

import (
	"net/url"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// connectOptions is the manifest's `connect:` section. Texts with {name} take the credential field of that name.
type connectOptions struct {
	URL           string `yaml:"url" manifest:"required"`
	login.Options `yaml:",inline"`
	Headers       map[string]string `yaml:"headers"`
	Probe         probeOptions      `yaml:"probe" manifest:"required"`
	Errors        errorRules        `yaml:"errors"`
	RateLimit     rateLimitOptions  `yaml:"rate_limit"`
	Lists         listOptions       `yaml:"lists"`
}

// probeOptions is a cheap call that only a good login passes.
type probeOptions struct {
	Path    string            `yaml:"path" manifest:"required"`
	Query   map[string]string `yaml:"query"`
	Expect  map[string]string `yaml:"expect"` // path: text; whoever answers otherwise is another system
	Version manifest.Path     `yaml:"version"`
	Account manifest.Path     `yaml:"account"`
}

// errorRules find the error in an answer, whatever its status.
type errorRules struct {
	Success *successRule           `yaml:"success"` // a 200 that does not show it is an error
	Failure manifest.Path          `yaml:"failure"` // a 200 that has it (not null, false or empty) is an error
	Code    manifest.Path          `yaml:"code"`
	Message manifest.Path          `yaml:"message"`
	Others  []manifest.Path        `yaml:"messages"` // where else the message may be
	Kinds   map[string]driver.Kind `yaml:"kinds"`    // the system's code: kind of driver error

	Sentences []sentenceRule `yaml:"sentences"` // what the texts mean of which a list answers a write; the first that fits counts
}

type successRule struct {
	Path  manifest.Path `yaml:"path" manifest:"required"`
	Value string        `yaml:"value" manifest:"required"`
}

// rateLimitOptions names the header that says when to come back, where it is not Retry-After.
type rateLimitOptions struct {
	Reset  string `yaml:"reset"`
	Format string `yaml:"format" words:"seconds,unix"` // default seconds
}

// readOptions is an entity's `read:` section, laid over the lists of `connect:`.
type readOptions struct {
	Path        string `yaml:"path" manifest:"required"`
	listOptions `yaml:",inline"`
	One         *oneOptions `yaml:"one"`  // how one record is read; absent: by its id below the list's path
	Each        int         `yaml:"each"` // the list does not show whole records: each is read for itself, so many side by side

	id, updatedAt []manifest.Path
	hot           map[string]string // parameters that pick out the hot records
	asked         url.Values        // parameters of one search, as they are
}

// hotOptions is what an entity's `hot:` adds to the query.
type hotOptions struct {
	Query map[string]string `yaml:"query" manifest:"required"`
}

// listOptions say how a list is read. What all lists of a system have in common stands in `connect:` under `lists:`.
type listOptions struct {
	Method       string            `yaml:"method" words:"GET,POST"` // default GET
	Query        map[string]string `yaml:"query"`
	Repeat       repeated          `yaml:"repeat"`  // parameters that stand in the query more than once
	Body         string            `yaml:"body"`    // JSON text, POST only
	Records      manifest.Path     `yaml:"records"` // absent: the answer itself is the list
	Total        manifest.Path     `yaml:"total"`
	TotalHeader  string            `yaml:"total_header"`
	Empty        int               `yaml:"empty"` // a status of the first page that means "no records", such as 404
	Paging       pagingOptions     `yaml:"paging"`
	ChangedSince *filter           `yaml:"changed_since"`
	History      *filter           `yaml:"history"`
	Order        string            `yaml:"order" words:"modified,other"` // modified: by updated_at, ascending; default other
	Newest       *newestOptions    `yaml:"newest"`
	Joined       *joinedOptions    `yaml:"joined"`
	Unordered    []manifest.Path   `yaml:"unordered"` // lists in a record whose order means nothing and changes from answer to answer
}

// pagingOptions says how the next page is asked for and how the end is known.
type pagingOptions struct {
	Style  string        `yaml:"style" words:"none,cursor,link,offset,page,keyset"`
	Size   string        `yaml:"size"`                    // parameter with the number of records
	Max    int           `yaml:"max"`                     // the system's own limit of it
	Param  string        `yaml:"param"`                   // cursor, offset, page, keyset: parameter that says where to go on
	Next   manifest.Path `yaml:"next"`                    // cursor, link: where the answer has it
	Header string        `yaml:"header"`                  // link: the header with rel="next" instead, usually Link
	Key    manifest.Path `yaml:"key"`                     // keyset: member of the last record that Param takes
	Text   string        `yaml:"text"`                    // keyset: the whole value of Param, with {} for the key; default {}
	From   string        `yaml:"from"`                    // keyset: the key that the first page begins behind; absent: the first page names none
	First  int           `yaml:"first"`                   // page: number of the first page
	More   manifest.Path `yaml:"more"`                    // true while there is another page
	Pages  manifest.Path `yaml:"pages"`                   // page: number of pages
	End    string        `yaml:"end" words:"empty,short"` // offset, page, keyset; default empty

	Inclusive bool `yaml:"inclusive"` // keyset: Param gives the records with that key too, and several may have one key
	Drifts    bool `yaml:"drifts"`    // cursor: it counts, so records may move from page to page unseen

	Concurrent int `yaml:"concurrent"` // offset, page: pages that may be asked for side by side; default 1
}

// repeated are parameters with several values each.
type repeated = map[string][]string

// newestOptions is a query whose first record is the one modified last; it is asked before the first page where the list has
// another order than that of modification.
type newestOptions struct {
	Query map[string]string `yaml:"query" manifest:"required"`
}

func defaultPaging() pagingOptions { return pagingOptions{First: 1, End: endEmpty} }

func decodeConnect(s *manifest.System) (*connectOptions, manifest.Problems) {
	o := &connectOptions{Lists: listOptions{Method: "GET", Order: "other", Paging: defaultPaging()}}
	return o, s.Options.Decode(o)
}

// decodeRead lays an entity's options over those of all lists: what it gives itself replaces theirs, key by key.
func decodeRead(e *manifest.Entity, lists listOptions) (*readOptions, manifest.Problems) {
	o := &readOptions{listOptions: lists, id: e.ID, updatedAt: e.UpdatedAt}
	if e.Read.Gives("paging") {
		o.Paging = defaultPaging()
	}
	problems := e.Read.Decode(o)
	if e.Hot != nil {
		var h hotOptions
		problems = append(problems, e.Hot.Read.Decode(&h)...)
		o.hot = h.Query
	}
	return o, problems
}
