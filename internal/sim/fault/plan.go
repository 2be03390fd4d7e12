package fault

import (
	"net/http"
	"path"
	"strings"
	"sync"
)

// Rule says which requests a fault spoils.
type Rule struct {
	Path  string                   // last element of the path, such as vendors or ping; "": everything but ping; "*": everything
	Write string                   // "*": only requests that write; a resource: only those that write it, one by one or many; "": reads too
	When  func(*http.Request) bool // nil: all of them
	After int                      // requests that go well first
	Times int                      // requests that are spoilt then; 0: all
	Fault Fault
}

// Plan is a list of rules that may change while a simulator runs; its Next is a Spoiler.Plan. The zero value spoils nothing.
type Plan struct {
	mu    sync.Mutex
	rules []Rule
	met   []int // by rule: requests that it matched
	hits  int
}

// Set replaces the rules; none heals everything. Counting begins anew.
func (p *Plan) Set(rules ...Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules, p.met, p.hits = rules, make([]int, len(rules)), 0
}

// Hits counts the requests that were spoilt since Set.
func (p *Plan) Hits() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hits
}

// Next gives the fault of a request: the first rule's that spoils it.
func (p *Plan) Next(r *http.Request) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, rule := range p.rules {
		if !rule.matches(r) {
			continue
		}
		p.met[i]++
		if n := p.met[i] - rule.After; n > 0 && (rule.Times == 0 || n <= rule.Times) {
			p.hits++
			return &rule.Fault
		}
	}
	return nil
}

func (r Rule) matches(req *http.Request) bool {
	if r.Write != "" && (req.Method == http.MethodGet || r.Write != "*" && !strings.Contains(req.URL.Path+"/", "/"+r.Write+"/")) {
		return false
	}
	last := path.Base(req.URL.Path)
	return (r.Path == last || r.Path == "*" || r.Path == "" && last != "ping") && (r.When == nil || r.When(req))
}
