package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
)

// Test asks what a run would do. Nothing is stored, and nothing leaves Busbar but reads that the check of a write needs.
type Test struct {
	Document    string // instead of the flow's newest version; empty: that
	Format      string
	Connections map[string]string
	Parameters  map[string]json.RawMessage
	Input       json.RawMessage              // of the trigger; nil: of one that follows a stream, its first records as changes
	Items       map[string][]json.RawMessage // by each step: in place of its list
	Records     []string                     // ids of records that the trigger's stream and lists are to give, in place of their first
	Most        int                          // items of each list, or changes; 0: a few
}

// Report is what a run would do, thread by thread.
type Report struct {
	Threads []Trace `json:"threads"`
	Nothing string  `json:"nothing"` // why nothing was tested, and what to give; empty: something was
}

// Trace is what one thread would do.
type Trace struct {
	Step   string          `json:"step"` // the each; empty: the steps on top
	N      int64           `json:"n"`
	Key    string          `json:"key"`
	Input  json.RawMessage `json:"input,omitempty"`
	Status string          `json:"status"` // ok | failed | skipped
	Error  json.RawMessage `json:"error,omitempty"`
	Steps  []StepTrace     `json:"steps"`
}

// StepTrace is what one step gave, and what it would have done.
type StepTrace struct {
	ID     string          `json:"id"`
	Kind   string          `json:"kind"`
	Result json.RawMessage `json:"result"`
	Would  any             `json:"would,omitempty"`
}

// Bounds of a test.
const (
	fewTested  = 5
	mostTested = 50
)

// dry is a test under way.
type dry struct {
	*work
	ctx    context.Context
	test   Test
	report *Report
	given  map[string]bool // of the records that are asked for, by id: the stream or a list gives it
}

// Try gives what a run would do.
func (s *Service) Try(ctx context.Context, project, name string, t Test) (*Report, error) {
	d, err := s.dry(ctx, project, name, t)
	if err != nil {
		return nil, err
	}
	main := machine.Begin()
	if err := d.thread(d.frame, &main, "", nil); err != nil {
		return nil, fmt.Errorf("test flow %s: %w", name, err)
	}
	for _, id := range t.Records {
		if !d.given[strings.ToLower(id)] {
			return nil, problem.New(problem.ValidationFailed, "A record is nothing that the flow would come to; see errors.").At("/records", problem.Unknown, fmt.Sprintf("Neither a list of the flow nor the stream of its trigger has the record %s, or their conditions leave it out.", id))
		}
	}
	d.report.Nothing = d.nothing()
	return d.report, nil
}

func (s *Service) dry(ctx context.Context, project, name string, t Test) (*dry, error) {
	f := &store.Flow{ProjectID: project, Name: name}
	var set Settings
	secrets := secret.NewCredentials(nil)
	stored, err := s.Flow(ctx, project, name)
	switch {
	case err == nil:
		f = stored
		if set, err = SettingsOf(f.Settings); err == nil {
			secrets, err = s.open(ctx, f, f.Sealed)
		}
		if err != nil {
			return nil, err
		}
	case t.Document == "":
		return nil, err
	}
	set = Settings{Connections: merged(set.Connections, t.Connections), Parameters: merged(set.Parameters, t.Parameters)}
	p, err := s.tested(ctx, f, t, set)
	if err != nil {
		return nil, err
	}
	w := &work{turn: &turn{Worker: &Worker{Service: s}, over: ctx, work: ctx, flow: f}, prog: p, secrets: secrets, mask: secrets.Mask()}
	w.run = &store.FlowRun{ID: "test", FlowID: f.ID, Version: f.Version, TriggerKind: lang.Manual, Input: t.Input, CreatedAt: s.Now()}
	if err := set.check(p.Flow(), secrets); err != nil {
		return nil, err
	}
	var rest *pause
	if w.conns, rest, err = s.connections(ctx, project, p.Flow(), set); err != nil {
		return nil, err
	}
	if rest != nil {
		return nil, problem.New(problem.Conflict, rest.detail)
	}
	d := &dry{work: w, ctx: ctx, test: t, report: &Report{Threads: []Trace{}}, given: map[string]bool{}}
	if c := p.Flow().Trigger.Change; c != nil && t.Input == nil {
		if err := d.firstChanges(c, set); err != nil {
			return nil, err
		}
	}
	w.frame, err = w.frameOf(set)
	return d, err
}

func (s *Service) tested(ctx context.Context, f *store.Flow, t Test, set Settings) (*machine.Program, error) {
	if t.Document == "" {
		return s.program(ctx, f.ID, f.Version)
	}
	doc, err := s.Check(ctx, f.ProjectID, "flow."+t.Format, t.Document, set.Connections)
	if err != nil {
		return nil, err
	}
	return machine.New(doc), nil
}

// thread works one thread to its end, and reports it.
func (d *dry) thread(f machine.Frame, th *machine.Thread, key string, input json.RawMessage) error {
	at := len(d.report.Threads)
	d.report.Threads = append(d.report.Threads, Trace{Step: f.Each, N: f.Index, Key: d.mask.Text(key), Input: d.hidden(input)})
	would := map[string]any{}
	e := d.prog.Advance(f, th)
	for e.Kind != machine.End {
		r, shown, err := d.effect(f, th, e)
		if err != nil {
			return err
		}
		if shown != nil {
			would[e.Step.ID] = shown
		}
		e = d.prog.Resume(f, th, r)
	}
	t := &d.report.Threads[at]
	t.Status = string(e.Status)
	if e.Failure != nil {
		t.Error = d.hidden(problem.Document(e.Failure))
	}
	t.Steps = []StepTrace{}
	for _, s := range d.prog.Steps(f.Each) {
		result, has := th.Results[s.ID]
		if shown := would[s.ID]; has || shown != nil {
			t.Steps = append(t.Steps, StepTrace{ID: s.ID, Kind: s.Kind, Result: d.hidden(result), Would: shown})
		}
	}
	return nil
}

// effect gives what an effect would come to, and what is shown of it.
func (d *dry) effect(f machine.Frame, th *machine.Thread, e machine.Effect) (r machine.Result, shown any, err error) {
	switch e.Kind {
	case machine.Get, machine.Find:
		r, err = d.look(e)
		return r, nil, err
	case machine.Write:
		return d.write(e)
	case machine.Request:
		return machine.Result{Value: json.RawMessage(`{"status":null,"headers":{},"body":null}`)}, d.shownRequest(e), nil
	case machine.Notify:
		return machine.Result{Value: json.RawMessage(`{"status":null}`)}, d.shownNotice(e), nil
	case machine.Call:
		shown := map[string]any{"flow": e.Flow, "input": json.RawMessage(d.hidden(orNull(e.Input)))}
		return machine.Result{Value: json.RawMessage(`{"run":null,"state":"completed","counts":{},"output":null}`)}, shown, nil
	case machine.Each:
		return d.each(f, th, e.Step)
	}
	return machine.Result{Value: until(d.Now())}, nil, nil // of a wait
}

// write gives the verdict on a write instead of sending it.
func (d *dry) write(e machine.Effect) (machine.Result, any, error) {
	v, err := d.Writes.Validate(d.ctx, write.Request{Connection: d.conns[e.Role], Entity: e.Entity, Op: manifest.Op(e.Op), ID: e.ID, Data: e.Data, IfMatch: e.IfMatch, Strict: true})
	if err != nil {
		return machine.Result{}, nil, fmt.Errorf("check a write: %w", err)
	}
	shown := map[string]any{"op": e.Op, "connection": e.Role, "entity": e.Entity, "id": d.mask.Text(e.ID), "data": json.RawMessage(d.hidden(orNull(e.Data))), "accepted": v.Problem == nil}
	if v.Problem != nil {
		return machine.Result{Failure: v.Problem}, shown, nil
	}
	text, err := json.Marshal(written{ID: e.ID, Status: "validated"})
	return machine.Result{Value: text}, shown, err
}

func (d *dry) shownRequest(e machine.Effect) any {
	headers := map[string]string{}
	for _, h := range e.Headers {
		headers[strings.ToLower(h.Name)] = d.mask.Text(h.Value)
	}
	return map[string]any{"method": e.Method, "url": d.mask.Text(e.URL), "headers": headers, "body": d.mask.Text(string(e.Body))}
}

func (d *dry) shownNotice(e machine.Effect) any {
	if e.URL != "" {
		return map[string]any{"webhook": d.mask.Text(e.URL), "data": json.RawMessage(d.hidden(orNull(e.Data)))}
	}
	return map[string]any{"email": e.To, "subject": d.mask.Text(e.Subject), "text": d.mask.Text(e.Text)}
}

// each works the first items of a list.
func (d *dry) each(f machine.Frame, th *machine.Thread, s *lang.Step) (machine.Result, any, error) {
	items, read, err := d.sample(th, s)
	var p *problem.Error
	if errors.As(err, &p) { // its list cannot be read
		return machine.Result{Failure: p}, nil, nil
	}
	if err != nil {
		return machine.Result{}, nil, err
	}
	var c store.FlowCounts
	outer := machine.Seen(th.Results)
	for n, it := range items {
		inner := f
		if inner.Item, err = lang.Decode(it.input); err != nil {
			return machine.Result{}, nil, fmt.Errorf("read item %d: %w", n, err)
		}
		inner.Each, inner.Index, inner.Outer = s.ID, int64(n), outer
		own, at := machine.Begin(), len(d.report.Threads)
		if err := d.thread(inner, &own, it.key, it.input); err != nil {
			return machine.Result{}, nil, err
		}
		c.In++
		switch machine.Status(d.report.Threads[at].Status) {
		case machine.OK:
			c.OK++
		case machine.Skipped:
			c.Skipped++
		default:
			c.Failed++
		}
	}
	text, err := json.Marshal(c)
	return machine.Result{Value: text}, map[string]any{"tested": len(items), "list_ends_there": read}, err
}
