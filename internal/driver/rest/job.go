package rest

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// jobEvery is how often a job is asked for at most, where the manifest does not say.
const jobEvery = time.Second

// taken reads the id of the job from a good answer to a write.
func (o *jobOptions) taken(a *answer) (driver.Written, error) {
	var got driver.Written
	if o.IDHeader != "" {
		got.Job = lastOf(a.header.Get(o.IDHeader))
	}
	if len(bytes.TrimSpace(a.body)) > 0 && len(o.ID) > 0 {
		if err := rawjson.Valid(a.body); err != nil {
			return driver.Written{}, notJSON(err)
		}
		got.Job = orElse(text(find(a.body, o.ID)), got.Job)
	}
	if got.Job == "" {
		return driver.Written{}, torn("The answer does not name the job that does the write.")
	}
	return got, nil
}

// Job implements driver.Writer. A job that the system does not know any more, or that is done and does not say what came of it, proves nothing of the write.
func (c *client) Job(ctx context.Context, w driver.Command, id string) (driver.Job, error) {
	o, err := c.sendOf(w)
	switch {
	case err != nil:
		return driver.Job{}, err
	case o.Job == nil:
		return driver.Job{Over: true, Result: driver.Result{Err: torn("The connector does not say any more how a job is asked for.")}}, nil
	}
	u, err := c.recordURL(o.Job.Path, o.Job.Query, id)
	if err != nil {
		return driver.Job{}, err
	}
	a, err := c.ask(ctx, http.MethodGet, u, "")
	switch {
	case err != nil && a != nil && c.saysGone(a, err):
		return driver.Job{Over: true, Result: driver.Result{Err: c.answered(torn("The system does not know the job any more."), a)}}, nil
	case err != nil:
		return driver.Job{}, c.answered(err, a)
	}
	if err := rawjson.Valid(a.body); err != nil {
		return driver.Job{}, c.answered(notJSON(err), a)
	}
	return c.job(o, a, w)
}

// job tells what the answer says of a job. A state that the manifest does not name is no end.
func (c *client) job(o *sendOptions, a *answer, w driver.Command) (driver.Job, error) {
	switch state := text(find(a.body, o.Job.State)); {
	case slices.Contains(o.Job.Done, state):
		written, err := o.written(a, w)
		written.Answer = c.kept(a.body, err == nil)
		return driver.Job{Over: true, Result: driver.Result{Written: written, Err: c.answered(err, a)}}, nil
	case slices.Contains(o.Job.Failed, state):
		return driver.Job{Over: true, Result: driver.Result{Err: c.jobFailed(o.Job, a)}}, nil
	case slices.Contains(o.Job.Running, state):
		every := o.Job.Every
		if every <= 0 {
			every = jobEvery
		}
		return driver.Job{After: max(every, c.retryAfter(a.header))}, nil
	default:
		return driver.Job{}, c.answered(torn("The job is in a state that the connector does not know: "+c.quote(state, 80)+"."), a)
	}
}

// jobFailed makes the error of a job that did nothing.
func (c *client) jobFailed(o *jobOptions, a *answer) error {
	code, said := text(find(a.body, o.Code)), c.quote(text(find(a.body, o.Message)), 200)
	e := &driver.Error{Kind: driver.Invalid, Code: c.quote(code, 80), Said: said, Detail: "The system took the write and then did not do it", Answer: c.kept(a.body, false)}
	if mapped, ok := c.options.Errors.Kinds[code]; ok {
		e.Kind = mapped
	}
	if said != "" {
		e.Detail += ": " + said
	} else {
		e.Detail += "."
	}
	return e
}
