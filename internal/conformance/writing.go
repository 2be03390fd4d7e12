package conformance

import (
	"net/http"
	"strings"
	"time"
)

// outcome is what became of a write in the end.
type outcome struct {
	status string // applied, rejected, needs_human, ...
	record object // as the API shows it then; nil: there is none
	reply  reply  // the first answer
	why    string // of a rejection
}

// write sends one write and follows it to its end.
func (b *bench) write(method, path string, body any) outcome {
	r := b.ask(b.token, method, path, body, "Prefer", "wait=5")
	return b.follow(r)
}

// follow waits for the end of a write.
func (b *bench) follow(r reply) outcome {
	out := outcome{reply: r, why: r.problem()}
	op := r.header.Get("Busbar-Operation")
	switch {
	case r.status == http.StatusOK, r.status == http.StatusCreated:
		out.status, out.record = "applied", r.body
		return out
	case op == "":
		out.status = "rejected"
		return out
	}
	b.over(op)
	item := b.call(b.token, "GET", "/v1/operations/"+op+"/items/0", nil)
	out.status = item.text("status")
	if detail := item.text("error", "detail"); detail != "" {
		out.why = clip(item.text("error", "code") + ": " + detail + " " + item.text("error", "upstream", "message"))
	}
	if id := item.text("id"); id != "" && out.status == "applied" {
		entity, _, _ := strings.Cut(strings.TrimPrefix(b.call(b.token, "GET", "/v1/operations/"+op, nil).text("entity"), "/"), "/")
		if got := b.ask(b.token, "GET", "/v1/"+entity+"/"+id, nil); got.status == http.StatusOK {
			out.record = got.body
		}
	}
	return out
}

// over lets time pass until an operation does nothing more by itself.
func (b *bench) over(op string) object {
	for range 200 {
		b.step()
		o := b.call(b.token, "GET", "/v1/operations/"+op, nil)
		due, err := time.Parse(time.RFC3339Nano, o.text("due_at"))
		if err != nil {
			return o
		}
		b.Clock.Forward(max(due.Sub(b.Clock.Now()), 0) + time.Second)
	}
	stopf("operation %s does not come to an end", op)
	return nil
}
