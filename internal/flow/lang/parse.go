package lang

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/strictyaml"
)

// Problem is one thing wrong with a document, with its place and its mend.
type Problem = strictyaml.Problem

// Problems is everything wrong with a document, in the order of its lines. It is an error when it is not empty.
type Problems = strictyaml.Problems

// What counts where a document is silent.
const (
	defaultBatch       = 50
	defaultChanges     = 100
	defaultConcurrency = 1
)

// Parse reads a document in YAML or JSON; file is what it is called in problems. The error is Problems: everything that is wrong, as far as it can be told without a Catalog.
func Parse(file string, text []byte) (*Flow, error) {
	root, problems := strictyaml.Parse(file, text, "a flow", "see docs/flows/language.md")
	if root == nil {
		return nil, problems
	}
	b := &builder{Decoder: strictyaml.Decoder{File: file}, root: root, flow: &Flow{byID: map[string]*Step{}, file: file, root: root}}
	var form flowForm
	b.Value(root, reflect.ValueOf(&form).Elem(), "")
	b.build(form)
	b.check(form)
	if len(b.Problems) > 0 {
		b.Problems.Sort()
		return nil, b.Problems
	}
	return b.flow, nil
}

// builder makes a Flow of its form and collects what is wrong.
type builder struct {
	strictyaml.Decoder
	root *yaml.Node
	flow *Flow
}

// problem reports the value at a path of the document.
func (b *builder) problem(path, message, mend string) {
	b.Problems = append(b.Problems, problemAt(b.File, b.root, path, message, mend))
}

func problemAt(file string, root *yaml.Node, path, message, mend string) Problem {
	var at []string
	if path != "" {
		at = strings.Split(path, ".")
	}
	return Problem{Pos: strictyaml.Position(file, root, at), Path: path, Message: message, Mend: mend}
}

// at gives what stands at a path; a node of nothing where there is none.
func (b *builder) at(path string) *yaml.Node {
	n := b.root
	for _, key := range strings.Split(path, ".") {
		if n = strictyaml.Child(n, key); n == nil {
			return new(yaml.Node)
		}
	}
	return n
}

func (b *builder) line(path string) int {
	return strictyaml.Position(b.File, b.root, strings.Split(path, ".")).Line
}

func (b *builder) build(form flowForm) {
	f := b.flow
	f.Name, f.Title, f.Description = form.Flow, form.Title, form.Description
	for _, e := range form.Connections {
		f.Connections = append(f.Connections, Role{Name: e.name, System: e.value.System, Title: e.value.Title})
	}
	for _, e := range form.Parameters {
		p := Parameter{Name: e.name, Type: e.value.Type, Title: e.value.Title, Required: e.value.Required}
		if e.value.Default != nil {
			p.Default, _ = e.value.Default.Eval(nil)
		}
		f.Parameters = append(f.Parameters, p)
	}
	f.Trigger = trigger(form.Trigger)
	f.Runs = Runs{AtOnce: 1, More: Queue}
	if r := form.Runs; r != nil {
		f.Runs = Runs{AtOnce: or(r.AtOnce, 1), More: orText(r.More, Queue)}
	}
	f.Steps = b.steps(form.Steps, "steps")
	b.index(f.Steps)
}

// index makes steps known by their ids, once all are where they stay.
func (b *builder) index(steps []Step) {
	for i := range steps {
		s := &steps[i]
		if s.ID != "" {
			b.flow.byID[s.ID] = s
		}
		for _, arm := range s.Branch {
			b.index(arm.Steps)
		}
		if s.Each != nil {
			b.index(s.Each.Steps)
		}
	}
}

func trigger(form *triggerForm) Trigger {
	switch {
	case form == nil:
	case form.Schedule != nil:
		s := form.Schedule
		return Trigger{Kind: Schedule, Schedule: &ScheduleTrigger{Cron: s.Cron, Every: time.Duration(s.Every), TimeZone: orText(s.TimeZone, "UTC")}}
	case form.Change != nil:
		c := form.Change
		types := c.Types
		if len(types) == 0 {
			types = []string{"created", "updated", "deleted"}
		}
		return Trigger{Kind: Change, Change: &ChangeTrigger{Connection: c.Connection, Entity: c.Entity, Types: types, Where: c.Where, Batch: or(c.Batch, defaultChanges), FromStart: c.From == "start"}}
	case form.Webhook != nil:
		return Trigger{Kind: Webhook, Webhook: &WebhookTrigger{Signature: orText(form.Webhook.Signature, StandardWebhooks)}}
	}
	return Trigger{Kind: Manual}
}

func or(given *int, otherwise int) int {
	if given == nil {
		return otherwise
	}
	return *given
}

func orText(given, otherwise string) string {
	if given == "" {
		return otherwise
	}
	return given
}

func (b *builder) steps(forms []stepForm, path string) []Step {
	steps := make([]Step, len(forms))
	for i, form := range forms {
		steps[i] = b.step(form, strictyaml.Join(path, strconv.Itoa(i)))
	}
	return steps
}

func (b *builder) step(form stepForm, path string) Step {
	s := Step{ID: form.ID, If: form.If, OnError: orText(form.OnError, Fail), Retry: again(form.Retry), Line: b.line(path), Path: path}
	s.Kind = b.kind(form, path)
	s.Transform, s.Filter = form.Transform, form.Filter
	for i, arm := range form.Branch {
		s.Branch = append(s.Branch, Arm{If: arm.If, Steps: b.steps(arm.Steps, strictyaml.Join(path, "branch."+strconv.Itoa(i)+".steps"))})
	}
	if form.Each != nil {
		s.Each = b.each(form.Each, strictyaml.Join(path, "each"))
	}
	s.reads(form)
	s.effects(form)
	return s
}

// kind finds what the step does: exactly one thing.
func (b *builder) kind(form stepForm, path string) string {
	var kinds []string
	v := reflect.ValueOf(form)
	for _, kind := range Kinds() {
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("yaml") == kind && !v.Field(i).IsNil() {
				kinds = append(kinds, kind)
			}
		}
	}
	switch len(kinds) {
	case 0:
		b.problem(path, "the step does nothing", "write one of "+strings.Join(Kinds(), ", "))
		return ""
	case 1:
		return kinds[0]
	}
	b.problem(path, "the step does several things: "+strings.Join(kinds, ", "), "make a step of each")
	return kinds[0]
}

// Kinds are the kinds of steps.
func Kinds() []string {
	return []string{StepList, StepGet, StepFind, StepTransform, StepFilter, StepBranch, StepEach, StepWrite, StepRequest, StepWait, StepNotify, StepCall}
}

func again(form *retryForm) *Again {
	if form == nil {
		return nil
	}
	return &Again{Attempts: form.Attempts, Wait: time.Duration(form.Wait)}
}

// each takes the id of a list step for what it is; everything else is an expression.
func (b *builder) each(form *eachForm, path string) *Each {
	e := &Each{
		Key: form.Key, BatchSize: or(form.BatchSize, defaultBatch), Delay: time.Duration(form.Delay), Concurrency: or(form.Concurrency, defaultConcurrency),
		OnError: orText(form.OnError, Continue), Retry: again(form.Retry), MaxFailures: Limit(form.MaxFailures),
	}
	e.Steps = b.steps(form.Steps, strictyaml.Join(path, "steps"))
	switch in := form.In; {
	case in.text == "":
	case idText.MatchString(in.text) && !isName(in.text):
		e.In = in.text
	default:
		made := new(Expr)
		made.DecodeYAML(&b.Decoder, &yaml.Node{Kind: yaml.ScalarNode, Value: in.text, Line: in.line, Column: strictyaml.Position(b.File, b.root, strings.Split(in.path, ".")).Column}, in.path)
		e.Over = made
	}
	return e
}

func (s *Step) reads(form stepForm) {
	if l := form.List; l != nil {
		s.List = &List{Connection: l.Connection, Entity: l.Entity, Where: l.Where, ChangedAfter: l.ChangedAfter, Deleted: l.Deleted}
	}
	if g := form.Get; g != nil {
		s.Get = &Get{Connection: g.Connection, Entity: g.Entity, ID: g.ID}
	}
	if f := form.Find; f != nil {
		s.Find = &Find{Connection: f.Connection, Entity: f.Entity, By: members(f.By), None: orText(f.None, NoneFails)}
	}
}

func (s *Step) effects(form stepForm) {
	if w := form.Write; w != nil {
		s.Write = &Write{Connection: w.Connection, Entity: w.Entity, Op: w.Op, ID: w.ID, By: members(w.By), Data: w.Data, IfMatch: w.IfMatch}
	}
	if r := form.Request; r != nil {
		s.Request = &Request{Method: r.Method, URL: r.URL, Headers: members(r.Headers), Query: members(r.Query), Body: r.Body, Expect: r.Expect, Repeatable: r.Repeatable, Timeout: time.Duration(r.Timeout)}
		if s.Request.Timeout == 0 {
			s.Request.Timeout = DefaultTimeout
		}
	}
	if w := form.Wait; w != nil {
		s.Wait = &Wait{For: time.Duration(w.For), Until: w.Until}
	}
	if n := form.Notify; n != nil {
		s.Notify = &Notify{Data: n.Data}
		if n.Webhook != nil {
			s.Notify.Webhook = &NotifyWebhook{URL: n.Webhook.URL, Secret: n.Webhook.Secret}
		}
		if n.Email != nil {
			s.Notify.Email = &NotifyEmail{To: n.Email.To, Subject: n.Email.Subject, Text: n.Email.Text}
		}
	}
	if c := form.Call; c != nil {
		s.Call = &CallFlow{Flow: c.Flow, Input: c.Input, Parameters: c.Parameters}
	}
}
