package envelope

import (
	"bytes"
	"net/http"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// Refusal is why an answer holds nothing good.
type Refusal struct {
	Kind     driver.Kind   // as a read means it
	Definite bool          // the system itself says in complete words that it did nothing
	Code     string        // the system's own
	Said     string        // its own words
	Wait     time.Duration // what it asked for
	Detail   string        // in place of a sentence made of the rest; of Busbar's own words
}

// maxWait caps what a system may ask for.
const maxWait = 24 * time.Hour

// read tells what stands before the system apart from it, and leaves the rest to the protocol.
func (c *client) read(a *Answer) ([]byte, *Refusal) {
	if e := c.answerer().Astray(a.Status, web.IsPage(a.Header, a.Body)); e != nil {
		return nil, &Refusal{Kind: e.Kind, Detail: e.Detail}
	}
	return c.speaker.Read(a)
}

// ByStatus makes the refusal of an answer that is not of the protocol. It is definite where HTTP itself says that nobody looked at the request.
func ByStatus(a *Answer) *Refusal {
	r := &Refusal{Kind: web.KindOf(a.Status)}
	switch {
	case a.Status == http.StatusNotFound:
		r.Kind, r.Detail = driver.NotSystem, "There is nothing at this address (HTTP 404); check it."
	case a.Status < 300:
		r.Kind, r.Detail = driver.Torn, "The answer is not what the protocol promises; it may be cut off."
	case a.Status == http.StatusUnauthorized:
		r.Definite = a.Header.Get("Www-Authenticate") != "" || len(bytes.TrimSpace(a.Body)) == 0
	case a.Status == http.StatusTooManyRequests:
		r.Definite = a.Header.Get("Retry-After") != ""
	}
	return r
}

// explain makes the error of a refusal.
func (c *client) explain(r *Refusal, a *Answer) *driver.Error {
	e := &driver.Error{Kind: r.Kind, Status: a.Status, Code: c.login.Quote(r.Code, web.CodeLimit), Said: c.login.Quote(r.Said, web.SaidLimit), Detail: r.Detail}
	switch r.Kind {
	case driver.Credentials:
		e.Field = c.loginField()
	case driver.NotSystem:
		e.Field = c.urlField
	case driver.RateLimited, driver.Fault:
		e.RetryAfter = min(max(r.Wait, web.RetryAfter(a.Header, c.config.Now()), 0), maxWait)
	}
	if e.Detail == "" {
		e.Detail = web.Sentence(e)
	}
	return e
}

// decide makes the error of a refused write: what is not definite leaves open what became of it.
func (c *client) decide(r *Refusal, a *Answer) error {
	if e := c.login.Turned(a.Status, a.Header, a.Body); e != nil {
		return e
	}
	proves := driver.FateOf(&driver.Error{Kind: r.Kind}) != driver.Unknown
	if proves && !r.Definite {
		open := *r
		open.Kind = driver.Fault
		r = &open
	}
	return c.explain(r, a)
}

// loginField names the field that the login stands on.
func (c *client) loginField() string {
	if field := c.login.Field(); field != "" {
		return field
	}
	for _, t := range c.connection.Also {
		if names := manifest.Placeholders(t); len(names) > 0 {
			return names[0]
		}
	}
	return ""
}

// judge applies the rules about what an answer says of itself.
func (r *Result) judge(doc []byte, sparse bool) *Refusal {
	if r == nil {
		return nil
	}
	failed, about := false, doc
	if len(r.Failures) > 0 {
		failures, ok := elements(find(doc, r.Failures), sparse)
		if !ok || !sparse && find(doc, r.Failures) == nil {
			return notThere(r.Failures)
		}
		if failed = len(failures) > 0; failed {
			about = failures[0]
		}
	}
	if len(r.Success) > 0 && !failed {
		shown := find(doc, r.Success)
		if shown == nil {
			return notThere(r.Success)
		}
		failed = text(shown) != r.Value
	}
	if !failed {
		return nil
	}
	made := &Refusal{Kind: driver.Invalid, Definite: true, Code: text(find(about, r.Code)), Said: text(find(about, r.Message))}
	if kind, ok := r.Kinds[made.Code]; ok {
		made.Kind = kind
	}
	return made
}

func notThere(at manifest.Path) *Refusal {
	return &Refusal{Kind: driver.Torn, Detail: "The answer has nothing at " + at.String() + "."}
}

func torn(detail string) error { return &driver.Error{Kind: driver.Torn, Detail: detail} }

// unfit is the error of what the manifest cannot express; nothing was sent, and never will be.
func unfit(detail string) error { return &driver.Error{Kind: driver.Invalid, Detail: detail} }
