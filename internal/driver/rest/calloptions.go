package rest

import (
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// callOptions say what a call looks like that has an effect. Paths and queries take {id}, the record's remote id, and {id.1}, a part of a composite one.
type callOptions struct {
	Method  string            `yaml:"method" words:"POST,PUT,PATCH,DELETE,GET"` // default POST
	Path    string            `yaml:"path" manifest:"required"`
	Query   map[string]string `yaml:"query"`
	Headers map[string]string `yaml:"headers"`
	Body    string            `yaml:"body"` // JSON object that the members of the write are laid over
	In      manifest.Path     `yaml:"in"`   // where in the body they go; absent: they are its own
}

// sendOptions is `send:` of an operation or a move.
type sendOptions struct {
	callOptions `yaml:",inline"`
	IDIn        manifest.Path   `yaml:"id_in"`       // where in the body the record's id goes, where no address names it
	Idempotency string          `yaml:"idempotency"` // header that takes the mark of a write; the system executes one of each
	Version     *versionOptions `yaml:"version"`
	Answer      string          `yaml:"answer" words:"record,id,none"` // default record, of a deletion none
	Record      manifest.Path   `yaml:"record"`                        // where the answer has it; absent: the answer is the record
	ID          manifest.Path   `yaml:"id"`                            // where the answer has the remote id; absent: in the record
	IDHeader    string          `yaml:"id_header"`                     // or the header whose address ends with it, such as Location
	Job         *jobOptions     `yaml:"job"`                           // the system takes the write and does it later; answer, record, id and id_header are then of the job that is over
}

// jobOptions is `job:` of a call: what the system answers at once, and how it tells later what came of the write.
type jobOptions struct {
	ID       manifest.Path     `yaml:"id"`                         // where the answer to the write has the job's id
	IDHeader string            `yaml:"id_header"`                  // or the header whose address ends with it, such as Location
	Path     string            `yaml:"path" manifest:"required"`   // where the job is asked for by GET; {id} is the job's
	Query    map[string]string `yaml:"query"`                      //
	Every    time.Duration     `yaml:"every"`                      // how often at most; default 1s
	State    manifest.Path     `yaml:"state" manifest:"required"`  // where its answer has the job's state, which is one of the three lists
	Running  []string          `yaml:"running"`                    //
	Done     []string          `yaml:"done" manifest:"required"`   //
	Failed   []string          `yaml:"failed" manifest:"required"` // nothing was done
	Code     manifest.Path     `yaml:"code"`                       // of a job that failed: the system's code and words
	Message  manifest.Path     `yaml:"message"`
}

// What an answer holds.
const (
	answerRecord = "record"
	answerID     = "id"
	answerNone   = "none"
)

// versionOptions say how the system is told which version of a record a write is made for.
type versionOptions struct {
	Header string        `yaml:"header"`                   // takes the version
	Member manifest.Path `yaml:"member"`                   // of the body, takes it instead
	From   manifest.Path `yaml:"from" manifest:"required"` // the version, in the record
	Text   string        `yaml:"text"`                     // the header's value, with {} for the version; default {}
	Else   string        `yaml:"else"`                     // the header's value of a write that does not insist; absent: no header
}

// oneOptions is `one:` of an entity's `read:`.
type oneOptions struct {
	Path   string            `yaml:"path" manifest:"required"`
	Query  map[string]string `yaml:"query"`
	Repeat repeated          `yaml:"repeat"` // parameters that stand in the query more than once
	Record manifest.Path     `yaml:"record"` // where the answer has it; absent: the answer is the record

	ETag  string              `yaml:"etag"`                    // member of the record that takes the answer's ETag
	Gone  map[string][]string `yaml:"gone"`                    // path: words that say that there is no such record any more
	Other string              `yaml:"other" words:"torn,gone"` // what an answer with another record means: torn (default), or gone: this one became part of it
}

// findOptions is `find:` of a rung: what it gives replaces the same key of the entity's `read:`.
type findOptions struct {
	Path        string `yaml:"path"`
	listOptions `yaml:",inline"`
	Param       string  `yaml:"param"` // parameter that takes the key or the mark
	Text        string  `yaml:"text"`  // its value, with {} for the key or the mark; default {}
	Since       *filter `yaml:"since"` // W4: parameter that takes the time from which on records were made

	Shows manifest.Path `yaml:"shows"` // where a record shows the key or the mark, * for every element of a list; absent: where it is written
	Sure  *sureOptions  `yaml:"sure"`  // without it, a search that finds nothing is believed
}

// sureOptions are parameters, in place of the search's own, that find at least one record wherever the search can find one.
type sureOptions struct {
	Query map[string]string `yaml:"query" manifest:"required"`
}

// decodeSend reads how an operation (or a move) is sent.
func decodeSend(o manifest.Options, op manifest.Op) (*sendOptions, manifest.Problems) {
	s := &sendOptions{callOptions: callOptions{Method: "POST"}, Answer: answerRecord}
	if op == manifest.Delete {
		s.Answer = answerNone
	}
	return s, o.Decode(s)
}

// decodeFind lays the options of a search over those of the entity's list.
func decodeFind(o manifest.Options, read *readOptions) (*findOptions, manifest.Problems) {
	f := &findOptions{Path: read.Path, listOptions: read.listOptions}
	if o.Gives("paging") {
		f.Paging = defaultPaging()
	}
	return f, o.Decode(f)
}

// one says how one record is read: as the manifest says, else by its id below the list's path.
func (o *readOptions) one() oneOptions {
	if o.One != nil {
		return *o.One
	}
	return oneOptions{Path: o.Path + "/{id}"}
}
