package lang

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/busbar-dev/busbar/internal/strictyaml"
)

// place says where steps stand.
type place struct {
	each     *Step // the each around them
	branches int   // around them
}

// structure checks what each step says by itself, and where it stands.
func (b *builder) structure() {
	n := 0
	b.flow.visit(func(*Step) { n++ })
	if n > maxSteps {
		b.problem("steps", fmt.Sprintf("are %d", n), fmt.Sprintf("a flow has at most %d steps: call another flow", maxSteps))
	}
	b.sequence(b.flow.Steps, "steps", place{}, map[string]string{})
}

func (b *builder) sequence(steps []Step, path string, at place, ids map[string]string) {
	if len(steps) == 0 && strictyaml.Child(b.at(path), "0") == nil {
		b.problem(path, "has no steps", "write at least one")
	}
	for i := range steps {
		s := &steps[i]
		switch {
		case s.ID == "":
		case !idText.MatchString(s.ID):
			b.problem(s.Path+".id", strconv.Quote(s.ID)+" is no id of a step", "begin with a lower-case letter; then come letters, digits and _")
		case ids[s.ID] != "":
			b.problem(s.Path+".id", "the id "+s.ID+" is taken, by "+ids[s.ID], "give each step an id of its own")
		}
		ids[s.ID] = s.Path
		b.member(s, at, ids)
	}
}

func (b *builder) member(s *Step, at place, ids map[string]string) {
	b.again(s)
	path := s.Path + "." + s.Kind
	switch s.Kind {
	case StepList:
		b.list(s, at)
	case StepFind:
		if len(s.Find.By) == 0 {
			b.problem(path+".by", "names nothing", "write what the record is found by, such as by: {number: ...}")
		}
	case StepBranch:
		b.branch(s, at, ids)
	case StepEach:
		if at.each != nil {
			b.problem(path, "stands within the each "+at.each.ID, "make a flow of the inner one, and call it")
		}
		b.checkEach(s, ids)
	case StepWrite:
		b.write(s.Write, path)
	case StepRequest:
		b.request(s.Request, path)
	case StepWait:
		if (s.Wait.For == 0) == (s.Wait.Until == nil) {
			b.problem(path, "wants for or until", "write for: 10m, or until: '${...}'")
		}
		b.lasts(path+".for", s.Wait.For, maxWait)
	case StepNotify:
		b.notify(s.Notify, path)
	case StepCall:
		b.call(s.Call, path)
	}
}

// again checks what is said about failures.
func (b *builder) again(s *Step) {
	if slices.Contains([]string{StepList, StepEach}, s.Kind) && s.Retry != nil {
		mend := "leave it out"
		if s.Kind == StepEach {
			mend = "write it within each, with on_error: retry"
		}
		b.problem(s.Path+".retry", "a "+s.Kind+" is not tried again as a whole", mend)
	}
	b.retries(s.Retry, s.Path+".retry")
}

func (b *builder) retries(again *Again, path string) {
	if again != nil {
		b.within(path+".attempts", again.Attempts, 2, maxAttempts)
		b.lasts(path+".wait", again.Wait, maxDelay)
	}
}

func (b *builder) list(s *Step, at place) {
	if at.each != nil {
		b.problem(s.Path+".list", "stands within an each", "write it before "+at.each.ID+": it is the source of an each")
	}
	if s.OnError != Fail || s.If != nil {
		b.problem(s.Path, "a list is read by its each, and has no if and no on_error of its own", "write them on the each")
	}
	used := false
	b.flow.visit(func(o *Step) { used = used || o.Each != nil && o.Each.In == s.ID })
	if !used {
		b.problem(s.Path+".list", "no each reads it", "write each: {in: "+s.ID+", ...} behind it")
	}
}

func (b *builder) branch(s *Step, at place, ids map[string]string) {
	path := s.Path + ".branch"
	if len(s.Branch) == 0 {
		b.problem(path, "has no ways", "write a list of {if: ..., steps: [...]}")
	}
	if at.branches++; at.branches > maxBranches {
		b.problem(path, fmt.Sprintf("stands within more than %d others", maxBranches), "call another flow")
		return
	}
	for i, arm := range s.Branch {
		way := path + "." + strconv.Itoa(i)
		otherwise := strictyaml.Child(b.at(way), "else")
		switch last := i == len(s.Branch)-1; {
		case arm.If == nil && otherwise == nil:
			if strictyaml.Child(b.at(way), "if") == nil && !last {
				b.problem(way, "has no if, and stands before others", "write if: and a condition, or write it last")
			}
		case arm.If != nil && otherwise != nil:
			b.problem(way, "has an if and an else", "keep one")
		case otherwise != nil && otherwise.Value != "true":
			b.problem(way+".else", "is not true", "write else: true")
		case otherwise != nil && !last:
			b.problem(way, "nothing behind an else is ever done", "write it last")
		}
		b.sequence(arm.Steps, way+".steps", at, ids)
	}
}

func (b *builder) checkEach(s *Step, ids map[string]string) {
	e, path := s.Each, s.Path+".each"
	if e.In != "" {
		b.source(e.In, path+".in", ids)
	}
	b.within(path+".batch_size", e.BatchSize, 1, maxBatch)
	b.within(path+".concurrency", e.Concurrency, 1, maxConcurrency)
	b.lasts(path+".delay", e.Delay, maxDelay)
	b.retries(e.Retry, path+".retry")
	switch {
	case e.OnError == Retry && e.Retry == nil:
		b.problem(path+".on_error", "does not say how often", "write retry: {attempts: 3, wait: 30s}")
	case e.OnError != Retry && e.Retry != nil:
		b.problem(path+".retry", "counts with on_error: retry only", "write on_error: retry, or leave it out")
	}
	if e.OnError == Stop && e.MaxFailures != (Limit{}) {
		b.problem(path+".max_failures", "the first failure ends it already", "leave it out, or write on_error: continue")
	}
	b.sequence(e.Steps, path+".steps", place{each: s}, ids)
}

// source checks the list that an each reads.
func (b *builder) source(id, path string, ids map[string]string) {
	var lists []string
	b.flow.visit(func(s *Step) {
		if s.Kind == StepList {
			lists = append(lists, s.ID)
		}
	})
	switch s := b.flow.Step(id); {
	case s == nil:
		b.problem(path, "there is no step "+id, strictyaml.Suggest(id, lists))
	case s.Kind != StepList:
		b.problem(path, id+" is no list step", "write an expression that gives a list, such as steps."+id+".lines")
	case ids[id] == "":
		b.problem(path, "the list "+id+" comes later", "write it before")
	}
}

func (b *builder) write(w *Write, path string) {
	needs := map[string][]string{Create: {"data"}, Update: {"id", "data"}, Upsert: {"by", "data"}, Delete: {"id"}}
	takes := map[string][]string{Create: {"data"}, Update: {"id", "data", "if_match"}, Upsert: {"by", "data"}, Delete: {"id", "if_match"}}
	if needs[w.Op] == nil {
		return
	}
	given := map[string]bool{"id": w.ID != nil, "by": len(w.By) > 0, "data": w.Data != nil, "if_match": w.IfMatch != nil}
	for _, key := range []string{"id", "by", "data", "if_match"} {
		switch {
		case given[key] && !slices.Contains(takes[w.Op], key):
			b.problem(path+"."+key, w.Op+" takes no "+key, "leave it out")
		case !given[key] && slices.Contains(needs[w.Op], key):
			b.problem(path, w.Op+" has no "+key, "write "+key+": ...")
		}
	}
	if w.Data != nil && w.Data.members == nil && w.Data.whole == nil && !b.has(path+".data") {
		b.problem(path+".data", "wants the members of the record", "write keys and values, or one ${...} that gives an object")
	}
}

// has says whether something was reported at a place already.
func (b *builder) has(path string) bool {
	return slices.ContainsFunc(b.Problems, func(p Problem) bool { return p.Path == path })
}

var webText = regexp.MustCompile(`^https?://[^/]`)

// address checks a literal beginning of an address.
func (b *builder) address(v *Value, path string) {
	if v == nil || b.has(path) {
		return
	}
	text, literal := v.literal.(string)
	if len(v.parts) > 0 {
		text, literal = v.parts[0].(string)
		literal = literal && len(text) > len("https://")
	}
	switch {
	case v.whole != nil:
	case v.parts == nil && !literal:
		b.problem(path, "wants an address", "write https://...")
	case literal && !webText.MatchString(text):
		b.problem(path, "is no address of the web", "begin with https://")
	}
}

func (b *builder) request(r *Request, path string) {
	b.address(r.URL, path+".url")
	if r.Body != nil && (r.Method == "GET" || r.Method == "HEAD") {
		b.problem(path+".body", r.Method+" has no body", "leave it out, or write method: POST")
	}
	if r.Timeout < minTimeout || r.Timeout > MaxTimeout {
		b.problem(path+".timeout", "is too short or too long", fmt.Sprintf("write %s to %s", minTimeout, MaxTimeout))
	}
	for i, status := range r.Expect {
		b.within(path+".expect."+strconv.Itoa(i), status, 100, 599)
	}
	for _, h := range r.Headers {
		if wrong, mend := HeaderFlaw(h.Name); wrong != "" {
			b.problem(path+".headers."+h.Name, wrong, mend)
		}
	}
}

// HeaderFlaw says why a request cannot set a header of this name, and what to do; empty: it can.
func HeaderFlaw(name string) (wrong, mend string) {
	canonical := http.CanonicalHeaderKey(name)
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return "is no name of a header", "write letters, digits and - only"
	case slices.Contains(ownHeaders(), canonical) || strings.HasPrefix(canonical, "Proxy-"):
		return "Busbar writes this header itself", "leave it out"
	}
	return "", ""
}

// ownHeaders lists those that belong to the connection, and what tells a request from others.
func ownHeaders() []string {
	return []string{"Host", "Content-Length", "Connection", "Keep-Alive", "Transfer-Encoding", "Te", "Trailer", "Upgrade", "Expect", "Accept-Encoding", "Idempotency-Key"}
}

func (b *builder) notify(n *Notify, path string) {
	switch {
	case (n.Webhook == nil) == (n.Email == nil):
		b.problem(path, "wants webhook or email", "write one of them")
	case n.Email != nil && n.Data != nil:
		b.problem(path+".data", "goes with a webhook only", "say it in text")
	}
	if n.Webhook != nil {
		b.address(n.Webhook.URL, path+".webhook.url")
		if s := n.Webhook.Secret; s != nil && len(s.Exprs()) == 0 && !b.has(path+".webhook.secret") {
			b.problem(path+".webhook.secret", "a secret does not stand in a document", "write a parameter of type secret, and ${params.its_name} here")
		}
	}
}

func (b *builder) call(c *CallFlow, path string) {
	switch {
	case c.Flow == "":
	case c.Flow == b.flow.Name:
		b.problem(path+".flow", "the flow calls itself", "call another")
	case !nameText.MatchString(c.Flow):
		b.problem(path+".flow", strconv.Quote(c.Flow)+" is no name of a flow", NameHint)
	}
	if p := c.Parameters; p != nil && p.members == nil && p.whole == nil {
		b.problem(path+".parameters", "wants parameters by their names", "write keys and values")
	}
}
