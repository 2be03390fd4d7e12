package connection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// Bounds of a live check: somebody is waiting, and the system is not ours.
const (
	examineTime  = 30 * time.Second
	examineReads = 12 // entities that are read where the system does not tell what the login may do
	examineAside = 2  // of them at once
	recently     = 90 * 24 * time.Hour
)

// Form is a login that was filled in. It prints without its values.
type Form struct {
	System      string // of a connection that there is: empty
	AuthMethod  string // default: the one in use, else the manifest's first
	Credentials map[string]string
	Entities    []string // default: all
	TimeZone    string
	Grant       *driver.Grant // that a login in a browser gave, and from then on what it was renewed to; nil: none
}

// Format implements fmt.Formatter.
func (f Form) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "login to %s", f.System) }

// Examine tries a login step by step, to the first step that fails, and says what came out in words for the person who filled in the form. Nothing is stored. c is the connection that the login is
// for; nil: none yet. Errors: *problem.Error validation-failed with pointers for a form that is not complete, conflict when it leads
// to another instance than c.
func (s *Service) Examine(ctx context.Context, c *store.Connection, f Form) ([]Finding, error) {
	l, entities, err := s.filled(c, f)
	if err != nil {
		return nil, err
	}
	if c, err = s.examined(c, f); err != nil {
		return nil, err
	}
	answered := s.masked(ctx)
	ctx, cancel := context.WithTimeout(budget.WithPriority(ctx, budget.Check), examineTime)
	defer cancel()
	client, err := s.dial(c, l.system, l.method.Method, secret.NewCredentials(l.values), s.ProbeClient, newTrial(s.Now, l.grant))
	if err != nil {
		return nil, err
	}
	defer func() { s.logEnd(c.ID, client.Close()) }()
	within, stop := context.WithTimeout(ctx, probeTime)
	defer stop()
	found, err := client.Probe(within)
	if err != nil {
		s.Log.Info("a live check failed", "system", l.system.System, "kind", driver.KindOf(err))
		answered(l.problem(err))
		return l.failed(err), nil
	}
	x := &examination{system: l.system, client: client, since: s.Now().Add(-recently).UTC().Truncate(24 * time.Hour)}
	return append(l.passed(found), x.entities(ctx, entities)...), nil
}

// filled checks a form without trying it.
func (s *Service) filled(c *store.Connection, f Form) (login, []*manifest.Entity, error) {
	faults, name, inUse := newFaults(), f.System, ""
	if c != nil {
		name, inUse = cmp.Or(f.System, c.System), c.AuthMethod
	}
	sys := s.Systems.System(name)
	if sys == nil {
		faults.unknownSystem(New{System: name}, s.systemNames())
		return login{}, nil, faults.err()
	}
	l := login{system: sys, method: faults.method(sys, cmp.Or(f.AuthMethod, inUse)), grant: f.Grant}
	entities := faults.entities(sys, f.Entities)
	if f.TimeZone != "" {
		faults.timeZone(f.TimeZone)
	}
	if l.method != nil {
		values := map[string]string{}
		if c != nil {
			values = public(l.method, c.Public)
		}
		maps.Copy(values, f.Credentials)
		l.values = faults.credentials(l.method, values)
	}
	if err := faults.err(); err != nil || c == nil || c.AuthMethod == "" {
		return l, entities, err
	}
	return l, entities, l.sameInstance(c)
}

// examined is the connection that a client is made for.
func (s *Service) examined(c *store.Connection, f Form) (*store.Connection, error) {
	at := store.Connection{}
	if c != nil {
		at = *c
	} else {
		id, err := s.newID()
		if err != nil {
			return nil, err
		}
		at.ID = id
	}
	at.TimeZone = cmp.Or(f.TimeZone, at.TimeZone)
	return &at, nil
}

// failed says at which step a check ended.
func (l login) failed(err error) []Finding {
	name := l.system.Name
	var e *driver.Error
	if !errors.As(err, &e) {
		e = &driver.Error{Kind: driver.Unreachable, Err: err}
	}
	told := l.problem(err)
	bad := Finding{Step: StepLogin, Code: problem.SystemFailed, Says: told.Detail}
	if len(told.Items) > 0 {
		bad.Code, bad.Field = told.Items[0].Code, strings.TrimPrefix(strings.TrimPrefix(told.Items[0].Pointer, "/credentials"), "/")
	}
	switch {
	case e.Untrusted:
		bad.Step, bad.Do = StepTLS, e.Detail
		return []Finding{l.reached(), bad}
	case e.Kind == driver.Credentials:
		bad.Says = fmt.Sprintf("%s refuses this login.", name)
	case e.Kind == driver.Unreachable:
		bad.Step, bad.Says, bad.Do = StepNetwork, fmt.Sprintf("No answer came from %s.", name), unreachable
		return []Finding{bad}
	case e.Kind == driver.NotSystem:
		bad.Step, bad.Do = StepAddress, "Check the address: what answers may be a web page, a proxy or another program."
		return append(l.way(), bad)
	}
	bad.Do = l.next(e)
	return append(l.way(), l.arrived(), bad)
}

// next is what to do about a login that did not go well.
func (l login) next(e *driver.Error) string {
	switch e.Kind {
	case driver.Credentials:
		return "Check it and try again. The guide says how the login is made."
	case driver.Permission:
		return fmt.Sprintf("Ask your administrator to let this login use the API of %s; the guide says how.", l.system.Name)
	case driver.RateLimited:
		return fmt.Sprintf("Try again in %d seconds.", max(1, int(e.RetryAfter.Seconds())))
	default:
		return "Try again. If it stays, the system needs attention."
	}
}

func (l login) reached() Finding {
	return Finding{Step: StepNetwork, OK: true, Says: "Reached the server."}
}

// way is what is known once something answered.
func (l login) way() []Finding {
	out := []Finding{l.reached()}
	for _, f := range l.method.Fields {
		if f.Type == "url" && strings.HasPrefix(strings.ToLower(l.values[f.Name]), "https://") {
			return append(out, Finding{Step: StepTLS, OK: true, Says: "The connection is encrypted, and the certificate is valid."})
		}
	}
	return out
}

func (l login) arrived() Finding {
	return Finding{Step: StepAddress, OK: true, Says: l.system.Name + " answers there."}
}

// passed is what a login learned that went well.
func (l login) passed(p driver.Probe) []Finding {
	out := append(l.way(), l.arrived(), Finding{Step: StepLogin, OK: true, Says: "The login is right."})
	if p.Version == "" {
		return out
	}
	v := Finding{Step: StepVersion, OK: true, Says: fmt.Sprintf("It is version %s.", p.Version)}
	if !tried(l.system.Versions, p.Version) {
		v.Code = problem.NotChecked
		v.Says = fmt.Sprintf("It is version %s. Busbar was tried with %s; what is read should be looked at once.", p.Version, strings.Join(l.system.Versions, ", "))
	}
	return append(out, v)
}

// tried says that a version is one of those that a manifest names, or within one.
func tried(versions []string, version string) bool {
	for _, v := range versions {
		if version == v || strings.HasPrefix(version, v+".") || strings.HasPrefix(version, v+"-") || strings.HasPrefix(version, v+"+") {
			return true
		}
	}
	return len(versions) == 0
}

// examination finds out which entities a login may read.
type examination struct {
	system *manifest.System
	client driver.Client
	since  time.Time
}

func (x *examination) entities(ctx context.Context, wanted []*manifest.Entity) []Finding {
	rights := manifest.Rights{}
	if asker, ok := x.client.(driver.Permitter); ok {
		if told, err := asker.May(ctx, wanted); err == nil {
			rights = told
		}
	}
	out := make([]Finding, len(wanted))
	places := make(chan struct{}, examineAside)
	var all sync.WaitGroup
	reads := 0
	for i, e := range wanted {
		may, told := rights[e.Name][manifest.Read]
		switch {
		case told:
			out[i] = x.verdict(e, may)
		case reads >= examineReads:
			out[i] = x.open(e)
		default:
			reads++
			all.Go(func() {
				places <- struct{}{}
				defer func() { <-places }()
				out[i] = x.read(ctx, e)
			})
		}
	}
	all.Wait()
	return out
}

// read reads one record of an entity.
func (x *examination) read(ctx context.Context, e *manifest.Entity) Finding {
	if ctx.Err() != nil {
		return x.open(e)
	}
	r := driver.Request{Entity: e, Limit: 1}
	if e.History != "" {
		r.HistoryFrom = x.since
	}
	_, err := x.client.Fetch(ctx, r)
	switch driver.KindOf(err) {
	case "":
		if err == nil {
			return x.verdict(e, true)
		}
		return x.open(e)
	case driver.Permission, driver.Credentials:
		return x.verdict(e, false)
	case driver.Unreachable, driver.RateLimited, driver.TooLarge, driver.TokenGone:
		return x.open(e)
	default:
		return Finding{Step: StepEntity, Entity: e.Name, Code: problem.SystemFailed,
			Says: fmt.Sprintf("%s answers with an error when %s are read.", x.system.Name, words(e)), Do: "It is left out, or your administrator looks why."}
	}
}

func (x *examination) verdict(e *manifest.Entity, may bool) Finding {
	if may {
		return Finding{Step: StepEntity, Entity: e.Name, OK: true, Says: fmt.Sprintf("It may read %s.", words(e))}
	}
	f := Finding{Step: StepEntity, Entity: e.Name, Code: problem.PermissionMissing, Says: fmt.Sprintf("It may not read %s.", words(e)),
		Do: "Ask your administrator for the right to read them, or leave them out."}
	if e.Needs != "" {
		f.Do = fmt.Sprintf("Ask your administrator for this: %s. Or leave them out.", strings.TrimSuffix(e.Needs, "."))
	}
	return f
}

func (x *examination) open(e *manifest.Entity) Finding {
	return Finding{Step: StepEntity, Entity: e.Name, OK: true, Code: problem.NotChecked, Says: fmt.Sprintf("Whether it may read %s shows once it is connected.", words(e))}
}

// words is how people call an entity.
func words(e *manifest.Entity) string { return strings.ReplaceAll(e.Name, "-", " ") }
