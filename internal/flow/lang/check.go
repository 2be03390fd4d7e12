package lang

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/schedule"
	"github.com/busbar-dev/busbar/internal/strictyaml"
)

// Limits of a document.
const (
	maxSteps       = 200
	maxBranches    = 10 // within each other
	maxBatch       = 500
	maxConcurrency = 50
	maxAtOnce      = 100
	maxAttempts    = 20
	maxRoles       = 50
	maxParameters  = 100
	maxTitle       = 200
	maxWait        = 366 * 24 * time.Hour
	maxDelay       = 24 * time.Hour
	minTimeout     = time.Second
)

// How long a request may take, and takes at most where it does not say: what came of it is to be stored while a worker holds the flow.
const (
	MaxTimeout     = 25 * time.Second
	DefaultTimeout = 20 * time.Second
)

const (
	namePattern = `^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$`
	rolePattern = `^[a-z][a-z0-9_-]{0,63}$`
	idPattern   = `^[a-z][a-z0-9_]{0,63}$`
)

var (
	nameText = regexp.MustCompile(namePattern)
	roleText = regexp.MustCompile(rolePattern)
	idText   = regexp.MustCompile(idPattern)
)

// NameHint says what the name of a flow may be.
const NameHint = "write up to 64 lower-case letters, digits and -, the first and the last no -"

// IsName says whether a text may be the name of a flow.
func IsName(text string) bool { return nameText.MatchString(text) }

// check finds what is wrong in a document that has the right shape.
func (b *builder) check(form flowForm) {
	f := b.flow
	if f.Name != "" && !nameText.MatchString(f.Name) {
		b.problem("flow", strconv.Quote(f.Name)+" is no name of a flow", NameHint)
	}
	if len(f.Title) > maxTitle {
		b.problem("title", fmt.Sprintf("is longer than %d letters", maxTitle), "say the rest in description")
	}
	b.roles()
	b.parameters(form)
	b.checkTrigger(form.Trigger)
	b.within("runs.at_once", f.Runs.AtOnce, 1, maxAtOnce)
	b.structure()
	b.references()
}

// within reports a number that is not between two.
func (b *builder) within(path string, n, low, high int) {
	if n < low || n > high {
		b.problem(path, fmt.Sprintf("is %d", n), fmt.Sprintf("write a number from %d to %d", low, high))
	}
}

// lasts reports a time span that is longer than it may be.
func (b *builder) lasts(path string, d, most time.Duration) {
	if d > most {
		b.problem(path, "is too long", "write at most "+inShort(most))
	}
}

func inShort(d time.Duration) string {
	if d >= 24*time.Hour {
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
	return strconv.Itoa(int(d/time.Minute)) + "m"
}

func (b *builder) roles() {
	used := map[string]bool{}
	for role, path := range b.usesOfRoles() {
		used[role] = true
		if b.flow.Role(role) == nil {
			for _, at := range path {
				b.problem(at, "unknown connection "+strconv.Quote(role), strictyaml.Suggest(role, b.roleNames())+"; connections are named in connections")
			}
		}
	}
	for _, r := range b.flow.Connections {
		path := "connections." + r.Name
		switch {
		case !roleText.MatchString(r.Name):
			b.problem(path, strconv.Quote(r.Name)+" is no name of a connection", "begin with a lower-case letter; then come letters, digits, _ and -")
		case !used[r.Name]:
			b.problem(path, "no step uses it", "take it out")
		}
	}
	if len(b.flow.Connections) > maxRoles {
		b.problem("connections", fmt.Sprintf("are more than %d", maxRoles), "make several flows")
	}
}

func (b *builder) roleNames() []string {
	names := make([]string, len(b.flow.Connections))
	for i, r := range b.flow.Connections {
		names[i] = r.Name
	}
	return names
}

// usesOfRoles gives the places at which each role stands.
func (b *builder) usesOfRoles() map[string][]string {
	uses := map[string][]string{}
	add := func(role, path string) {
		if role != "" {
			uses[role] = append(uses[role], path+".connection")
		}
	}
	if c := b.flow.Trigger.Change; c != nil {
		add(c.Connection, "trigger.change")
	}
	b.flow.visit(func(s *Step) {
		if role, _ := s.reaches(); role != "" {
			add(role, s.Path+"."+s.Kind)
		}
	})
	return uses
}

// reaches gives the role and the entity that a step is about.
func (s *Step) reaches() (role, entity string) {
	switch {
	case s.List != nil:
		return s.List.Connection, s.List.Entity
	case s.Get != nil:
		return s.Get.Connection, s.Get.Entity
	case s.Find != nil:
		return s.Find.Connection, s.Find.Entity
	case s.Write != nil:
		return s.Write.Connection, s.Write.Entity
	}
	return "", ""
}

// visit comes to every step, in the order of the document.
func (f *Flow) visit(fn func(s *Step)) { visitSteps(f.Steps, fn) }

func visitSteps(steps []Step, fn func(s *Step)) {
	for i := range steps {
		s := &steps[i]
		fn(s)
		for _, arm := range s.Branch {
			visitSteps(arm.Steps, fn)
		}
		if s.Each != nil {
			visitSteps(s.Each.Steps, fn)
		}
	}
}

func (b *builder) parameters(form flowForm) {
	if len(form.Parameters) > maxParameters {
		b.problem("parameters", fmt.Sprintf("are more than %d", maxParameters), "take one object for several")
	}
	for i, e := range form.Parameters {
		path, given := "parameters."+e.name, e.value.Default
		if !idText.MatchString(e.name) {
			b.problem(path, strconv.Quote(e.name)+" is no name of a parameter", "begin with a lower-case letter; then come letters, digits and _")
		}
		if given == nil {
			continue
		}
		path += ".default"
		v := b.flow.Parameters[i].Default
		switch {
		case len(given.Exprs()) > 0:
			b.problem(path, "a default is a value, not an expression", "write the value; $${ stands for the text ${")
		case e.value.Type == Secret:
			b.problem(path, "a secret does not stand in a document", "leave the default out, and set the secret when the flow is applied")
		case e.value.Required:
			b.problem(path, "what is required has no default", "leave out required or default")
		case v != nil && !IsOfType(v, e.value.Type):
			b.problem(path, "wants "+TypeInWords(e.value.Type)+", this is "+Describe(v), "")
		}
	}
}

// IsOfType says whether a value is of the type of a parameter. A number too exact for a float64 is a text that says a number.
func IsOfType(v any, typ string) bool {
	switch v := v.(type) {
	case bool:
		return typ == Boolean
	case int64, float64:
		return typ == Number
	case string:
		_, err := decimalsOf([]any{v})
		return typ == Text || typ == Secret || typ == Number && err == nil
	case []any:
		return typ == ListOf
	case map[string]any:
		return typ == Object
	}
	return false
}

// TypeInWords says what a parameter of a type wants.
func TypeInWords(typ string) string {
	switch typ {
	case Boolean:
		return "true or false"
	case ListOf, Text, Number:
		return "a " + typ
	case Secret:
		return "a text"
	}
	return "an " + typ
}

func (b *builder) checkTrigger(form *triggerForm) {
	if form == nil {
		return
	}
	n := 0
	for _, given := range []bool{form.Schedule != nil, form.Change != nil, form.Webhook != nil} {
		if given {
			n++
		}
	}
	if n != 1 {
		b.problem("trigger", "wants one of schedule, change and webhook", "leave trigger out for a flow that people and programs begin")
	}
	if form.Schedule != nil {
		b.checkSchedule(form.Schedule)
	}
	if form.Change != nil {
		b.checkChange(form.Change)
	}
}

// checkChange sees to it that no change that begins a run gets lost.
func (b *builder) checkChange(form *changeForm) {
	if form.Batch != nil {
		b.within("trigger.change.batch", *form.Batch, 1, maxBatch)
	}
	if more := b.flow.Runs.More; more == Skip || more == Replace {
		b.problem("runs.more", "a flow that changes begin would lose them with more: "+more, "leave it out: they wait")
	}
	works := len(b.flow.Steps) == 0
	b.flow.visit(func(s *Step) { works = works || s.Each != nil && s.Each.OverChanges() })
	if !works {
		b.problem("trigger.change", "begins a run with many changes, and no each works on them", "write each: {in: trigger.changes, ...}")
	}
}

// OverChanges says that an each works on the changes that began its run.
func (e *Each) OverChanges() bool {
	return e.Over != nil && strings.Contains(e.Over.Text, "trigger.changes")
}

func (b *builder) checkSchedule(form *scheduleForm) {
	zone, err := schedule.Zone(orText(form.TimeZone, "UTC"))
	if err != nil {
		b.problem("trigger.schedule.time_zone", err.Error(), "write an IANA name such as Europe/Vienna")
		return
	}
	switch path := "trigger.schedule"; {
	case (form.Cron == "") == (form.Every == 0):
		b.problem(path, "wants cron or every", `write cron: "0 2 * * *", or every: 15m`)
	case form.Every != 0 && form.TimeZone != "":
		b.problem(path+".time_zone", "an interval has no time zone", "leave it out")
	case form.Every != 0:
		_, err = schedule.Every(time.Duration(form.Every))
		b.failed(path+".every", err)
	default:
		_, err = schedule.Cron(form.Cron, zone)
		b.failed(path+".cron", err)
	}
}

func (b *builder) failed(path string, err error) {
	if err != nil {
		b.problem(path, err.Error(), "")
	}
}
