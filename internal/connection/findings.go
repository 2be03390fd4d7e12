package connection

import "github.com/busbar-dev/busbar/internal/problem"

// The steps of a live check, in their order. What comes after a step that failed is left out.
const (
	StepNetwork = "network" // something answers
	StepTLS     = "tls"     // its certificate is trusted
	StepAddress = "address" // it is the system
	StepLogin   = "login"
	StepVersion = "version"
	StepEntity  = "entity" // the login may read it; one finding for each
)

// Finding is what a live check learned at one step.
type Finding struct {
	Step   string        `json:"step"`
	Entity string        `json:"entity,omitempty"`
	OK     bool          `json:"ok"`
	Code   problem.Fault `json:"code,omitempty"`  // why not; not_checked with OK: it was left open
	Field  string        `json:"field,omitempty"` // of the login, that it is about
	Says   string        `json:"says"`
	Do     string        `json:"do,omitempty"` // what to do next, when there is something to do
}
