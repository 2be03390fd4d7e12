package erp

import (
	"io"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/fault"
)

// What spoils SimERP's answers.
type (
	Fault = fault.Fault
	Rule  = fault.Rule
	Plan  = fault.Plan
)

// ErrorBody is an error as some systems answer it with status 200.
const ErrorBody = `{"error":{"code":"posting_period_closed","message":"The posting period is closed."}}`

// faulty asks the fault plan before anything else.
func (s *Server) faulty(next http.Handler) http.Handler {
	return fault.Spoiler{
		Plan: s.opts.Fault, Now: s.opts.Now, Late: &s.late, Name: "SimERP", Settle: s.reveal, Partly: partly,
		Met: func(_ *http.Request, f *Fault) {
			s.rates.add(time.Now())
			if f != nil {
				s.ledger.add("faulted")
			}
		},
		Again: func(w http.ResponseWriter, r *http.Request) { s.again.send(w, path.Base(r.URL.Path)) },
		Refuse: func(w http.ResponseWriter, status int, code, message string) {
			refuse(w, refusal{status, code, message})
		},
	}.Handler(next)
}

// Held counts the writes that a fault's Commit keeps from their effect.
func (s *Server) Held() int { return s.late.Held() }

// Release makes the held writes effective now, whenever they are due, in order.
func (s *Server) Release() { s.late.Release() }

// Many is a list of n equal records.
func Many(n int, record string) fault.Body {
	return fault.Repeat(`{"data":[`+record, ","+record, n-1, `],"nextCursor":null,"total":`+strconv.Itoa(n)+`}`)
}

// Nested is one list within another, n deep.
func Nested(n int) fault.Body {
	return func(w io.Writer) error {
		if err := fault.Repeat(`{"data":`, "[", n, "")(w); err != nil {
			return err
		}
		return fault.Repeat("", "]", n, `,"nextCursor":null,"total":1}`)(w)
	}
}

// Huge is a list of one record, of which one member has n bytes.
func Huge(n int) fault.Body {
	return fault.Repeat(`{"data":[{"id":"000001","updatedAt":"2026-03-01T00:00:00Z","name":"`, "aaaaaaaaaaaaaaaa", n/16, `"}],"nextCursor":null,"total":1}`)
}
