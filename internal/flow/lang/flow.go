// Package lang owns the language of flows: what a document may say, the check of one with the place and the mend of everything that is wrong, expressions and how values of JSON are
// held in them, and the JSON Schema. It knows nothing of runs, of the store or of HTTP; what a system can do is told to it as a Catalog.
package lang

import (
	"time"

	"go.yaml.in/yaml/v3"
)

// Flow is a checked document.
type Flow struct {
	Name        string
	Title       string
	Description string
	Connections []Role
	Parameters  []Parameter
	Trigger     Trigger
	Runs        Runs
	Steps       []Step

	byID map[string]*Step
	file string
	root *yaml.Node
}

// Role is a connection as the steps name it; which one that is, is a setting.
type Role struct {
	Name   string
	System string // the only one that it may be of; empty: any
	Title  string
}

// Types of parameters.
const (
	Text    = "text"
	Number  = "number"
	Boolean = "boolean"
	ListOf  = "list"
	Object  = "object"
	Secret  = "secret"
)

// Parameter is a value that is set when the flow is applied or a run is begun.
type Parameter struct {
	Name, Type, Title string
	Required          bool
	Default           any // as Decode gives it; nil: none
}

// Kinds of triggers.
const (
	Manual   = "manual" // by a person or by the API; every flow can be begun so
	Schedule = "schedule"
	Change   = "change"
	Webhook  = "webhook"
	Call     = "call" // by another flow
)

// Trigger says what begins runs by itself.
type Trigger struct {
	Kind     string // Manual: nothing does
	Schedule *ScheduleTrigger
	Change   *ChangeTrigger
	Webhook  *WebhookTrigger
}

// ScheduleTrigger is a cron line in a time zone, or an interval.
type ScheduleTrigger struct {
	Cron     string
	Every    time.Duration // 0: Cron counts
	TimeZone string
}

// ChangeTrigger begins runs with the changes of a stream, up to Batch of them each.
type ChangeTrigger struct {
	Connection, Entity string
	Types              []string // created, updated, deleted
	Where              *Expr    // over record and change; nil: all
	Batch              int
	FromStart          bool // what is there when the flow is applied counts as created
}

// How calls of a webhook prove who sent them.
const (
	StandardWebhooks = "standard-webhooks"
	Unsigned         = "none" // who knows the address may call
)

// WebhookTrigger begins a run for each call of the flow's secret address.
type WebhookTrigger struct {
	Signature string // StandardWebhooks, Unsigned
}

// What becomes of a run when as many as may are under way.
const (
	Queue   = "queue"
	Skip    = "skip"
	Replace = "replace"
)

// Runs bounds how many runs are under way at once.
type Runs struct {
	AtOnce int
	More   string
}

// Kinds of steps.
const (
	StepList      = "list"
	StepGet       = "get"
	StepFind      = "find"
	StepTransform = "transform"
	StepFilter    = "filter"
	StepBranch    = "branch"
	StepEach      = "each"
	StepWrite     = "write"
	StepRequest   = "request"
	StepWait      = "wait"
	StepNotify    = "notify"
	StepCall      = "call"
)

// What becomes of a failure.
const (
	Fail     = "fail"     // of a step: its thread fails
	Continue = "continue" // of a step: its result is the error; of an each: the other items go on
	Stop     = "stop"     // of an each: nothing more is begun
	Retry    = "retry"    // of an each: each failing step is tried again, then as continue
)

// Again says how often a step is tried, the first time included, and how long it rests before each further time.
type Again struct {
	Attempts int
	Wait     time.Duration
}

// Step is one step; the member of its Kind is set.
type Step struct {
	ID, Kind string
	If       *Expr  // nil: always
	OnError  string // Fail, Continue
	Retry    *Again // nil: it is tried once
	Line     int    // in the document
	Path     string // in the document, as steps.2.each.steps.0

	List      *List
	Get       *Get
	Find      *Find
	Transform *Value
	Filter    *Expr
	Branch    []Arm
	Each      *Each
	Write     *Write
	Request   *Request
	Wait      *Wait
	Notify    *Notify
	Call      *CallFlow
}

// List is a source of items: the records of a stream, read page by page.
type List struct {
	Connection, Entity string
	Where              *Expr  // over record; nil: all
	ChangedAfter       *Value // a time; nil: from the beginning
	Deleted            bool   // deleted records too
}

// Get reads one record by its id; for a list of ids, the list of their records.
type Get struct {
	Connection, Entity string
	ID                 *Value
}

// What a search without a result is.
const (
	NoneFails = "fail"
	NoneSkips = "skip"
	NoneEmpty = "empty"
)

// Find reads the one record whose members are these. Where values are lists, the result is the list of the records of each place in them, null where a value is null.
type Find struct {
	Connection, Entity string
	By                 []Member
	None               string
}

// Member is a value by a name: a path in a record with points between the names.
type Member struct {
	Name  string
	Value *Value
}

// Arm is one way of a branch: the first whose If is true is taken. An else has no If.
type Arm struct {
	If    *Expr
	Steps []Step
}

// Each does its steps for each of a list.
type Each struct {
	In          string // id of a list step; empty: Over counts
	Over        *Expr
	Key         *Expr // nil: the record's id, else its place
	BatchSize   int
	Delay       time.Duration
	Concurrency int
	OnError     string // Continue, Stop, Retry
	Retry       *Again
	MaxFailures Limit
	Steps       []Step
}

// Limit is a count, or a share of what was taken in; the zero Limit is none.
type Limit struct {
	Count int64
	Share float64 // 0.2: a fifth
}

// Kinds of writes.
const (
	Create = "create"
	Update = "update"
	Upsert = "upsert"
	Delete = "delete"
)

// Write goes through the ledger of writes.
type Write struct {
	Connection, Entity string
	Op                 string
	ID                 *Value   // update, delete
	By                 []Member // upsert: what tells the record
	Data               *Value   // create, update, upsert
	IfMatch            *Value
}

// Request is a call of an address outside.
type Request struct {
	Method     string
	URL        *Value
	Headers    []Member
	Query      []Member
	Body       *Value
	Expect     []int // statuses that are good; none: 200 to 299
	Repeatable bool  // twice is as good as once, whatever the method
	Timeout    time.Duration
}

// Wait lets time pass.
type Wait struct {
	For   time.Duration
	Until *Value // a time; nil: For counts
}

// Notify tells somebody.
type Notify struct {
	Webhook *NotifyWebhook
	Email   *NotifyEmail
	Data    *Value // of a webhook
}

// NotifyWebhook posts a Standard Webhook.
type NotifyWebhook struct {
	URL    *Value
	Secret *Value // signs; nil: unsigned
}

// NotifyEmail sends a text.
type NotifyEmail struct {
	To, Subject, Text *Value
}

// CallFlow begins a run of another flow of the project and waits for its end.
type CallFlow struct {
	Flow       string
	Input      *Value
	Parameters *Value
}

// Step gives a step by its id, nil for none.
func (f *Flow) Step(id string) *Step { return f.byID[id] }

// HasEach says whether the flow works on items of its own.
func (f *Flow) HasEach() bool {
	for _, s := range f.byID {
		if s.Each != nil {
			return true
		}
	}
	return false
}

// Role gives a role by its name, nil for none.
func (f *Flow) Role(name string) *Role {
	for i := range f.Connections {
		if f.Connections[i].Name == name {
			return &f.Connections[i]
		}
	}
	return nil
}
