package envelope

import (
	"context"
	"encoding/json"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// Write implements driver.Writer.
func (c *client) Write(ctx context.Context, w driver.Command) (driver.Written, error) {
	s, err := c.sendingOf(w)
	if err != nil {
		return driver.Written{}, err
	}
	v, err := s.values(w)
	if err != nil {
		return driver.Written{}, err
	}
	req, err := c.request(ctx, s.Call, v)
	if err != nil {
		return driver.Written{}, err
	}
	p, err := c.login.Writing(req)
	if err != nil {
		return driver.Written{}, err
	}
	a, err := c.exchange(req)
	if err != nil {
		return driver.Written{}, c.answered(err, a)
	}
	written, err := c.written(s, w, a)
	if err = c.login.SignedOut(p, err); err != nil {
		return driver.Written{}, c.answered(err, a)
	}
	written.Answer = c.login.Kept(a.Body, true)
	return written, nil
}

// answered adds to an error what came back.
func (c *client) answered(err error, a *Answer) error {
	if a == nil {
		return err
	}
	e := web.As(err)
	e.Answer = c.login.Kept(a.Body, false)
	return e
}

// WriteMany implements driver.Writer: no manifest can declare it.
func (c *client) WriteMany(_ context.Context, cs []driver.Command, _ bool) ([]driver.Result, error) {
	return nil, unfit("The connector does not say how to write several records at once.")
}

// Job implements driver.Writer: no write is taken as a job.
func (c *client) Job(context.Context, driver.Command, string) (driver.Job, error) {
	return driver.Job{}, unfit("This system does not do writes as jobs.")
}

// sendingOf finds the call that a command stands for.
func (c *client) sendingOf(w driver.Command) (*Sending, error) {
	options := w.Entity.Operations[w.Op].Send
	if w.Move != nil && w.Move.Send.Node != nil {
		options = w.Move.Send
	}
	if options.Node == nil {
		return nil, unfit("The connector does not say how to " + string(w.Op) + " " + w.Entity.Name + ".")
	}
	s, problems := sending(c.language, options, w.Op)
	if len(problems) > 0 {
		return nil, unfit("The connector does not say soundly how to " + string(w.Op) + " " + w.Entity.Name + ": " + problems.Error())
	}
	return s, nil
}

// values gives what the placeholders of a write stand for.
func (s *Sending) values(w driver.Command) (Values, error) {
	v := Values{"mark": w.Mark}
	v.identify(w.RemoteID)
	if w.Op != manifest.Create && w.RemoteID == "" {
		return nil, unfit("A record that is to be changed has no id.")
	}
	if w.Body != nil && (w.Move == nil || w.Move.Send.Node == nil) {
		v["members"] = json.RawMessage(w.Body)
	}
	if !w.Insist {
		return v, nil
	}
	version := text(find(w.Current, s.Version))
	switch {
	case len(s.Version) == 0:
		return nil, unfit("The connector does not say how the system is told which version of a record a write is made for.")
	case version == "":
		return nil, unfit("The record has no version at " + s.Version.String() + ", so the system cannot be told for which one the write is made.")
	}
	v["version"] = version
	return v, nil
}

// written reads what came of a write. An answer that does not hold what it must proves nothing.
func (c *client) written(s *Sending, w driver.Command, a *Answer) (driver.Written, error) {
	doc, refusal := c.read(a)
	if refusal != nil {
		return driver.Written{}, c.decide(refusal, a)
	}
	if refusal = s.Result.judge(doc, c.language.Sparse()); refusal != nil {
		if made := s.idIn(doc, w.Entity.ID); refusal.Definite && w.Op == manifest.Create && made != "" {
			refusal.Definite = false // it says no, and shows what it made
		}
		return driver.Written{}, c.decide(refusal, a)
	}
	if s.Answer == answerNone && saysNothing(doc, c.language.Sparse()) {
		return driver.Written{}, torn("The answer does not say that anything was done.")
	}
	if s.Answer == answerNone {
		return driver.Written{}, nil
	}
	id := s.idIn(doc, w.Entity.ID)
	switch {
	case id == "" && (w.Op == manifest.Create || s.Answer == answerRecord):
		return driver.Written{}, torn("The answer does not hold what was written.")
	case id != "" && w.Op != manifest.Create && id != w.RemoteID:
		return driver.Written{}, torn("The answer holds another record than the one that was written.")
	}
	got := driver.Written{RemoteID: id}
	if s.Answer == answerRecord {
		got.Record = find(doc, s.Record)
	}
	return got, nil
}

// idIn finds the remote id in an answer.
func (s *Sending) idIn(doc []byte, ids []manifest.Path) string {
	if len(s.ID) > 0 {
		return text(find(doc, s.ID))
	}
	return remoteID(find(doc, s.Record), ids)
}
