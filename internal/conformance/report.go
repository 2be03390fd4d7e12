package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// State is how a check ended.
type State string

// The states.
const (
	OK         State = "ok"
	Failed     State = "failed"
	NotChecked State = "not checked"
)

// Row is the end of one check, of one entity where it looks at them one by one.
type Row struct {
	Check  string
	Entity string
	State  State
	Text   string // failed: what, where, and what to do; not checked: why
}

func (r Row) String() string {
	what := r.Check
	if r.Entity != "" {
		what += " " + r.Entity
	}
	if r.Text == "" {
		return fmt.Sprintf("%-12s %s", r.State, what)
	}
	return fmt.Sprintf("%-12s %s: %s", r.State, what, r.Text)
}

// Report is what a run of the suite found.
type Report struct {
	System string
	Rows   []Row
	Took   []Took
	Matrix Matrix
}

// Took is how long a check took.
type Took struct {
	Check string
	Time  time.Duration
}

// Failed tells whether anything did.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Rows, func(r Row) bool { return r.State == Failed })
}

// Failures gives the rows that failed.
func (r *Report) Failures() []Row {
	return slices.DeleteFunc(slices.Clone(r.Rows), func(r Row) bool { return r.State != Failed })
}

// String is how many checks were well, and the matrix.
func (r *Report) String() string {
	var b strings.Builder
	well := 0
	for _, row := range r.Rows {
		if row.State == OK {
			well++
		}
	}
	failed := len(r.Failures())
	fmt.Fprintf(&b, "%s: %d ok, %d failed, %d not checked\n\n%s", r.System, well, failed, len(r.Rows)-well-failed, r.Matrix)
	for _, t := range r.Took {
		if t.Time > time.Second {
			fmt.Fprintf(&b, "%6.1fs  %s\n", t.Time.Seconds(), t.Check)
		}
	}
	return b.String()
}

// Lines writes rows, those that say the same of several entities as one.
func Lines(rows []Row) string {
	var b strings.Builder
	for i, row := range rows {
		if slices.IndexFunc(rows, func(o Row) bool { return alike(o, row) }) != i {
			continue
		}
		var names []string
		for _, o := range rows {
			if alike(o, row) && o.Entity != "" {
				names = append(names, o.Entity)
			}
		}
		row.Entity = strings.Join(names, ", ")
		fmt.Fprintln(&b, row)
	}
	return b.String()
}

// alike tells whether two rows say the same of different entities.
func alike(a, b Row) bool { return a.Check == b.Check && a.State == b.State && a.Text == b.Text }

// TB is a test; *testing.T is one.
type TB interface {
	Helper()
	Context() context.Context
	TempDir() string
	Log(args ...any)
	Error(args ...any)
	Fatal(args ...any)
}

// Run runs the suite as a test: what fails fails it, and the matrix is in its log. A stand without a version is a simulator.
func Run(t TB, s Stand) {
	t.Helper()
	s.Simulator = s.Simulator || s.Version == ""
	r, err := Try(t.Context(), s, t.TempDir(), func(rows []Row) {
		t.Helper()
		t.Log("\n" + strings.TrimSuffix(Lines(rows), "\n"))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + r.String())
	for _, row := range r.Failures() {
		t.Error(row)
	}
}
