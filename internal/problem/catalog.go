package problem

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed problems.yaml
var source []byte

// Type is what is known of a code.
type Type struct {
	Code      Code   `yaml:"code"`
	Status    int    `yaml:"status"`    // HTTP status
	Title     string `yaml:"title"`     // the same for every occurrence
	Origin    string `yaml:"origin"`    // client, busbar, system or connection
	Retryable bool   `yaml:"retryable"` // the same request may succeed later
	Meaning   string `yaml:"meaning"`   // one or two sentences
	Next      string `yaml:"next"`      // what the reader should do
}

// URI is the address of the code's page, relative to the server: the `type` of a problem document.
func (t Type) URI() string { return "/docs/problems/" + t.Code }

// FaultType is what is known of a fault code.
type FaultType struct {
	Code    Fault  `yaml:"code"`
	Meaning string `yaml:"meaning"`
}

// ReasonType is what is known of a reason code.
type ReasonType struct {
	Code    Reason `yaml:"code"`
	Meaning string `yaml:"meaning"` // one or two sentences
	Next    string `yaml:"next"`    // what the reader should do
}

type list struct {
	Problems []Type       `yaml:"problems"`
	Faults   []FaultType  `yaml:"faults"`
	Reasons  []ReasonType `yaml:"reasons"`
	byCode   map[Code]Type
}

var catalog = sync.OnceValue(func() *list {
	l := &list{byCode: map[Code]Type{}}
	if err := yaml.Unmarshal(source, l); err != nil {
		panic(fmt.Sprintf("problems.yaml, built into this program, cannot be read: %v", err))
	}
	for _, t := range l.Problems {
		l.byCode[t.Code] = t
	}
	return l
})

// All lists the codes in the order of their status. The slice is not to be changed.
func All() []Type { return catalog().Problems }

// Faults lists the codes of single faults. The slice is not to be changed.
func Faults() []FaultType { return catalog().Faults }

// Reasons lists the codes of reasons. The slice is not to be changed.
func Reasons() []ReasonType { return catalog().Reasons }

// NextStep says what to do about a reason; "" for a code that does not exist.
func NextStep(code Reason) string {
	for _, r := range Reasons() {
		if r.Code == code {
			return r.Next
		}
	}
	return ""
}

// Lookup gives the type of a code; ok is false for a code that does not exist.
func Lookup(code Code) (t Type, ok bool) {
	t, ok = catalog().byCode[code]
	return t, ok
}

func (t Type) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "`%s` · HTTP %d · origin: %s · %s\n\n", t.Code, t.Status, t.Origin, retryText(t.Retryable))
	fmt.Fprintf(&b, "%s\n\n**What to do.** %s\n", t.Meaning, t.Next)
	return b.String()
}

func retryText(retryable bool) string {
	if retryable {
		return "may be retried unchanged"
	}
	return "retrying unchanged does not help"
}

// Index gives all codes, faults and reasons as one Markdown document.
func Index() string {
	var b strings.Builder
	b.WriteString("# Problems\n\nEvery error is `application/problem+json` (RFC 9457) with a stable `code`. Written from `internal/problem/problems.yaml`.\n")
	for _, t := range All() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n%s", t.Code, t.Title+".", t.markdown())
	}
	b.WriteString("\n## Single faults\n\nThe `code` of an entry of `errors`; its `pointer` says where.\n\n| code | meaning |\n|---|---|\n")
	for _, f := range Faults() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Code, f.Meaning)
	}
	b.WriteString("\n## Reasons\n\nWhy a sync run did not succeed, or a connection is in its state: the `code` of their `error` or `reason`, or `status_code`.\n\n| code | meaning | what to do |\n|---|---|---|\n")
	for _, r := range Reasons() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Code, r.Meaning, r.Next)
	}
	return b.String()
}
