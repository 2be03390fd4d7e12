package lang

import "time"

// The forms are the document as it is written: their tags are the keys of the language, for the reader and the JSON Schema alike.

type flowForm struct {
	Flow        string               `yaml:"flow" strict:"required"`
	Title       string               `yaml:"title"`
	Description string               `yaml:"description"`
	Connections table[roleForm]      `yaml:"connections"`
	Parameters  table[parameterForm] `yaml:"parameters"`
	Trigger     *triggerForm         `yaml:"trigger"`
	Runs        *runsForm            `yaml:"runs"`
	Steps       []stepForm           `yaml:"steps" strict:"required"`
}

type roleForm struct {
	System string `yaml:"system"`
	Title  string `yaml:"title"`
}

type parameterForm struct {
	Type     string `yaml:"type" strict:"required" words:"text,number,boolean,list,object,secret"`
	Title    string `yaml:"title"`
	Required bool   `yaml:"required"`
	Default  *Value `yaml:"default"`
}

type triggerForm struct {
	Schedule *scheduleForm `yaml:"schedule"`
	Change   *changeForm   `yaml:"change"`
	Webhook  *webhookForm  `yaml:"webhook"`
}

type scheduleForm struct {
	Cron     string `yaml:"cron"`
	Every    span   `yaml:"every"`
	TimeZone string `yaml:"time_zone"`
}

type changeForm struct {
	Connection string   `yaml:"connection" strict:"required"`
	Entity     string   `yaml:"entity" strict:"required"`
	Types      []string `yaml:"types" words:"created,updated,deleted"`
	Where      *Expr    `yaml:"where"`
	Batch      *int     `yaml:"batch"`
	From       string   `yaml:"from" words:"now,start"`
}

type webhookForm struct {
	Signature string `yaml:"signature" words:"standard-webhooks,none"`
}

type runsForm struct {
	AtOnce *int   `yaml:"at_once"`
	More   string `yaml:"more" words:"queue,skip,replace"`
}

type retryForm struct {
	Attempts int  `yaml:"attempts" strict:"required"`
	Wait     span `yaml:"wait"`
}

type stepForm struct {
	ID      string     `yaml:"id" strict:"required"`
	If      *Expr      `yaml:"if"`
	OnError string     `yaml:"on_error" words:"fail,continue"`
	Retry   *retryForm `yaml:"retry"`

	List      *listForm    `yaml:"list"`
	Get       *getForm     `yaml:"get"`
	Find      *findForm    `yaml:"find"`
	Transform *Value       `yaml:"transform"`
	Filter    *Expr        `yaml:"filter"`
	Branch    []armForm    `yaml:"branch"`
	Each      *eachForm    `yaml:"each"`
	Write     *writeForm   `yaml:"write"`
	Request   *requestForm `yaml:"request"`
	Wait      *waitForm    `yaml:"wait"`
	Notify    *notifyForm  `yaml:"notify"`
	Call      *callForm    `yaml:"call"`
}

type listForm struct {
	Connection   string `yaml:"connection" strict:"required"`
	Entity       string `yaml:"entity" strict:"required"`
	Where        *Expr  `yaml:"where"`
	ChangedAfter *Value `yaml:"changed_after"`
	Deleted      bool   `yaml:"deleted"`
}

type getForm struct {
	Connection string `yaml:"connection" strict:"required"`
	Entity     string `yaml:"entity" strict:"required"`
	ID         *Value `yaml:"id" strict:"required"`
}

type findForm struct {
	Connection string       `yaml:"connection" strict:"required"`
	Entity     string       `yaml:"entity" strict:"required"`
	By         table[Value] `yaml:"by" strict:"required"`
	None       string       `yaml:"none" words:"fail,skip,empty"`
}

type armForm struct {
	If    *Expr      `yaml:"if"`
	Else  bool       `yaml:"else"`
	Steps []stepForm `yaml:"steps" strict:"required"`
}

type eachForm struct {
	In          source     `yaml:"in" strict:"required"`
	Key         *Expr      `yaml:"key"`
	BatchSize   *int       `yaml:"batch_size"`
	Delay       span       `yaml:"delay"`
	Concurrency *int       `yaml:"concurrency"`
	OnError     string     `yaml:"on_error" words:"continue,stop,retry"`
	Retry       *retryForm `yaml:"retry"`
	MaxFailures limit      `yaml:"max_failures"`
	Steps       []stepForm `yaml:"steps" strict:"required"`
}

type writeForm struct {
	Connection string       `yaml:"connection" strict:"required"`
	Entity     string       `yaml:"entity" strict:"required"`
	Op         string       `yaml:"op" strict:"required" words:"create,update,upsert,delete"`
	ID         *Value       `yaml:"id"`
	By         table[Value] `yaml:"by"`
	Data       *Value       `yaml:"data"`
	IfMatch    *Value       `yaml:"if_match"`
}

type requestForm struct {
	Method     string       `yaml:"method" strict:"required" words:"GET,HEAD,OPTIONS,POST,PUT,PATCH,DELETE"`
	URL        *Value       `yaml:"url" strict:"required"`
	Headers    table[Value] `yaml:"headers"`
	Query      table[Value] `yaml:"query"`
	Body       *Value       `yaml:"body"`
	Expect     []int        `yaml:"expect"`
	Repeatable bool         `yaml:"repeatable"`
	Timeout    span         `yaml:"timeout"`
}

type waitForm struct {
	For   span   `yaml:"for"`
	Until *Value `yaml:"until"`
}

type notifyForm struct {
	Webhook *notifyWebhookForm `yaml:"webhook"`
	Email   *notifyEmailForm   `yaml:"email"`
	Data    *Value             `yaml:"data"`
}

type notifyWebhookForm struct {
	URL    *Value `yaml:"url" strict:"required"`
	Secret *Value `yaml:"secret"`
}

type notifyEmailForm struct {
	To      *Value `yaml:"to" strict:"required"`
	Subject *Value `yaml:"subject" strict:"required"`
	Text    *Value `yaml:"text" strict:"required"`
}

type callForm struct {
	Flow       string `yaml:"flow" strict:"required"`
	Input      *Value `yaml:"input"`
	Parameters *Value `yaml:"parameters"`
}

// span is a time span as it is written: 30s, 15m, 1h30m, 2d, 1w.
type span time.Duration

// limit is a count or a share.
type limit Limit

// source is what an each works on: the id of a list step, or an expression.
type source struct {
	text, path string
	line       int
}

// table is keys of the author's own, in the order in which they are written.
type table[T any] []entry[T]

type entry[T any] struct {
	name  string
	value T
}
