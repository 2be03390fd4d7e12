package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/busbar-dev/busbar/internal/config"
	"github.com/busbar-dev/busbar/internal/flow/lang"
)

// fault is an answer of the API that says no: a problem document.
type fault struct {
	Status     int    `json:"status"`
	Title      string `json:"title"`
	Detail     string `json:"detail"`
	Code       string `json:"code"`
	RequestID  string `json:"request_id"`
	Retryable  bool   `json:"retryable"`
	RetryAfter int    `json:"retry_after"`
	Operation  string `json:"operation"` // its address
	Errors     []struct {
		Pointer string `json:"pointer"`
		Detail  string `json:"detail"`
	} `json:"errors"`
	Problems []documentProblem `json:"problems"` // of the document of a flow
	file     string            // that the document is from
	Upstream *struct {
		Status  int    `json:"status"`
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"upstream"`
}

func (f *fault) Error() string { return f.Code + ": " + f.Detail }

// documentProblem is one thing wrong with the document of a flow.
type documentProblem struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path"`
	Message string `json:"message"`
	Mend    string `json:"mend"`
}

// in says what is wrong, as flow check does.
func (p documentProblem) in(file string) string {
	if file == "" {
		file = "flow"
	}
	one := lang.Problem{Path: p.Path, Message: p.Message, Mend: p.Mend}
	one.Pos.File, one.Pos.Line, one.Pos.Column = file, p.Line, p.Column
	return one.String()
}

// unreachable is an error of a Busbar that does not answer.
type unreachable struct{ error }

// denied is an error of a credential that is missing.
type denied string

func (d denied) Error() string { return string(d) }

// newFault reads a problem document, and makes one of an answer that is none.
func newFault(resp *http.Response, body []byte) *fault {
	var f fault
	if err := json.Unmarshal(body, &f); err != nil || f.Title == "" {
		f = fault{Title: resp.Status, Detail: "The answer is not one of Busbar's. Check --url."}
	}
	f.Status = resp.StatusCode
	if f.RequestID == "" {
		f.RequestID = resp.Header.Get("Request-Id")
	}
	return &f
}

func exitCode(err error) int {
	var f *fault
	if errors.As(err, &f) {
		return faultCode(f.Status)
	}
	switch {
	case is[usage](err), is[config.Problems](err):
		return ExitUsage
	case is[unreachable](err):
		return ExitUnreachable
	case is[denied](err):
		return ExitDenied
	}
	return ExitFailed
}

func faultCode(status int) int {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ExitDenied
	case http.StatusNotFound, http.StatusGone:
		return ExitNotFound
	}
	return ExitFailed
}

func is[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

// printError says what happened and what to do next.
func printError(w io.Writer, err error) {
	var f *fault
	var settings config.Problems
	switch {
	case errors.As(err, &f):
		fmt.Fprintf(w, "busbar: %s\n", clean(f.Title))
		printDetails(w, f)
	case errors.As(err, &settings):
		fmt.Fprintf(w, "busbar: these settings need another value:\n  %s\n", strings.ReplaceAll(settings.Error(), "\n", "\n  "))
	default:
		fmt.Fprintf(w, "busbar: %s\n", cleanLines(strings.TrimRight(err.Error(), "\n")))
		if is[usage](err) {
			fmt.Fprintln(w, "Add --help for the flags and an example.")
		}
	}
}

func printDetails(w io.Writer, f *fault) {
	if len(f.Problems) > 0 { // they are the errors, one by one
		f.Detail, f.Errors = problems(len(f.Problems))+":", nil
	}
	if f.Detail != "" {
		fmt.Fprintf(w, "  %s\n", clean(f.Detail))
	}
	for _, p := range f.Problems {
		fmt.Fprintf(w, "  %s\n", clean(p.in(f.file)))
	}
	for _, e := range f.Errors {
		if entry := e.Pointer + ": " + e.Detail; !strings.Contains(f.Detail, entry) {
			fmt.Fprintf(w, "  %s\n", clean(entry))
		}
		if role, ok := strings.CutPrefix(e.Pointer, "/connections/"); ok {
			fmt.Fprintf(w, "  say it with --connection-of %s=CONNECTION (busbar connection list shows them)\n", clean(role))
		}
	}
	if u := f.Upstream; u != nil {
		if strings.Contains(f.Detail, u.Message) {
			u.Message = ""
		}
		fmt.Fprintf(w, "  the system answered: %s\n", clean(strings.Join(strings.Fields(fmt.Sprintf("%s %s %s", number(u.Status), u.Code, u.Message)), " ")))
	}
	if f.RetryAfter > 0 {
		fmt.Fprintf(w, "  try again in %d s\n", f.RetryAfter)
	}
	if id := strings.TrimPrefix(f.Operation, "/v1/operations/"); id != "" {
		fmt.Fprintf(w, "  what became of it: busbar operations show %s\n", clean(id))
	}
	if f.Code != "" {
		fmt.Fprintf(w, "  code: %s\n", clean(f.Code))
	}
	if f.RequestID != "" {
		fmt.Fprintf(w, "  request: %s\n", clean(f.RequestID))
	}
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
