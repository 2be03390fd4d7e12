package envelope

import (
	"net/http"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// Connect is what a driver inlines into its `connect:` section. Texts with {name} take the credential field of that name.
type Connect struct {
	URL           string `yaml:"url" manifest:"required"` // where every document is posted to
	login.Options `yaml:",inline"`
	Headers       map[string]string `yaml:"headers"`
}

// Expect is what an answer to the probe shows.
type Expect struct {
	Expect  map[string]string `yaml:"expect"` // path: text; whoever answers otherwise is another system
	Version manifest.Path     `yaml:"version"`
	Account manifest.Path     `yaml:"account"`
}

// List says where a list is in an answer and how it goes on; a driver inlines it beside the call.
type List struct {
	Records      manifest.Path `yaml:"records"`
	Node         manifest.Path `yaml:"node"` // of an element: the record in it; absent: the element is the record
	Total        manifest.Path `yaml:"total"`
	Paging       Paging        `yaml:"paging"`
	Result       *Result       `yaml:"result"`
	ChangedSince *Moment       `yaml:"changed_since"`                // how {since} is written
	History      *Moment       `yaml:"history"`                      // how {history} is written
	Order        string        `yaml:"order" words:"modified,other"` // modified: by updated_at, ascending
}

// Paging says how a list goes on, and how its end is known.
type Paging struct {
	Style string        `yaml:"style" words:"none,cursor,offset,page"`
	Max   int           `yaml:"max"`   // the most records that the system gives at once
	Next  manifest.Path `yaml:"next"`  // cursor: where the answer has it
	More  manifest.Path `yaml:"more"`  // true while there is another page
	First int           `yaml:"first"` // page: number of the first page
}

// Moment says how a point in time is written.
type Moment struct {
	Format web.Format `yaml:"format"` // default rfc3339
}

// Result finds in an answer of the protocol whether the system did what it was asked for.
type Result struct {
	Success  manifest.Path          `yaml:"success"`  // shows value, or the system did not do it
	Value    string                 `yaml:"value"`    //
	Failures manifest.Path          `yaml:"failures"` // a list that is empty, or the system did not do it
	Code     manifest.Path          `yaml:"code"`     // of the first failure; without failures, of the answer
	Message  manifest.Path          `yaml:"message"`  // likewise
	Kinds    map[string]driver.Kind `yaml:"kinds"`    // code: kind of driver error; default invalid
}

// One says where an answer has one record; a driver inlines it beside the call.
type One struct {
	Record manifest.Path `yaml:"record" manifest:"required"`
}

// Send says what an answer to a write holds; a driver inlines it beside the call.
type Send struct {
	Answer  string        `yaml:"answer" words:"record,id,none"` // default record, of a deletion none
	Record  manifest.Path `yaml:"record"`                        // where the answer has it
	ID      manifest.Path `yaml:"id"`                            // where the answer has the remote id; absent: in the record
	Version manifest.Path `yaml:"version"`                       // of the record that is written: what {version} stands for
	Result  *Result       `yaml:"result"`
}

// What an answer holds.
const (
	answerRecord = "record"
	answerID     = "id"
	answerNone   = "none"
)

// Values are what the placeholders of a call stand for: text, int64, or json.RawMessage. One that is absent leaves out what it stands in.
type Values map[string]any

// Call is a request as a manifest writes it.
type Call interface {
	// Takes lists the placeholders in it.
	Takes() []string
	// Check reports what is wrong with it; o are the options that hold it, at the place within them.
	Check(o manifest.Options, at ...string) manifest.Problems
}

// Message is a request that is ready to be posted.
type Message struct {
	Body   []byte
	Header http.Header
}

// Answer is a response, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Connection is a decoded `connect:` section.
type Connection struct {
	Connect
	Expect
	Probe Call
	Also  []string // texts with placeholders of the login that are the protocol's own
	// Speak makes what speaks for one login: expand puts fields of the login into a text.
	Speak func(expand func(string) string, now func() time.Time) Speaker
}

// Speaker writes and reads the documents of a protocol.
type Speaker interface {
	// Compose makes the request of a call.
	Compose(c Call, v Values) (Message, error)
	// Read gives what an answer holds as a JSON object, or why it holds nothing good.
	Read(a *Answer) ([]byte, *Refusal)
}

// Reading is a decoded `read:` section, or `find:` of a rung.
type Reading struct {
	List
	Call   Call
	Hot    Call // for the hot records; nil when there are none
	Newest Call // its first record is the one that was modified last; nil where the list tells itself
	One    Call // nil when one record cannot be read
	Single One
	IDs    []manifest.Path // of the entity
	Dates  []manifest.Path // its updated_at
}

// Sending is a decoded `send:` section.
type Sending struct {
	Send
	Call Call
}

// Language decodes the parts of a manifest that belong to a protocol.
type Language interface {
	Connection(o manifest.Options) (*Connection, manifest.Problems)
	Reading(e *manifest.Entity) (*Reading, manifest.Problems)
	// Finding lays the options of a search over those of the entity's list.
	Finding(o manifest.Options, r *Reading) (*Reading, manifest.Problems)
	// Sending fills in s, which has the defaults of the operation.
	Sending(o manifest.Options, s *Sending) manifest.Problems
	// Sparse says that what is empty may be left out of an answer, and that a list of one may stand there as its element.
	Sparse() bool
}

// DefaultList is what a list is where a manifest does not say otherwise.
func DefaultList() List { return List{Order: "other", Paging: DefaultPaging()} }

// DefaultPaging is what paging is where a manifest does not say otherwise.
func DefaultPaging() Paging { return Paging{Style: "none", First: 1} }

// sending decodes how an operation, or a change of status, is sent.
func sending(l Language, o manifest.Options, op manifest.Op) (*Sending, manifest.Problems) {
	s := &Sending{Send: Send{Answer: answerRecord}}
	if op == manifest.Delete {
		s.Answer = answerNone
	}
	return s, l.Sending(o, s)
}
