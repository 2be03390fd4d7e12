package connection

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/busbar-dev/busbar/internal/problem"
)

// Limits of a connection's profile.
const (
	maxName     = 200 // characters
	maxTags     = 20
	maxTag      = 64        // characters
	maxMetadata = 16 * 1024 // bytes
)

// faults collects everything wrong with a request, so that all is named at once.
type faults struct{ p *problem.Error }

func newFaults() *faults {
	return &faults{problem.New(problem.ValidationFailed, "Something in the request is not valid; mend every entry of errors and send it again.")}
}

func (f *faults) at(code problem.Fault, detail string, path ...string) {
	f.p.At(pointer(path...), code, detail)
}

func (f *faults) err() error {
	if len(f.p.Items) == 0 {
		return nil
	}
	return f.p
}

// pointer makes a JSON pointer.
func pointer(path ...string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var b strings.Builder
	for _, p := range path {
		b.WriteString("/" + escape.Replace(p))
	}
	return b.String()
}

func (f *faults) name(name string) string { return f.line(name, maxName, "name") }

// line takes one line of text that is not empty.
func (f *faults) line(text string, limit int, path ...string) string {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		f.at(problem.Required, "It must not be empty.", path...)
	case utf8.RuneCountInString(text) > limit:
		f.at(problem.OutOfRange, fmt.Sprintf("It may have %d characters at most.", limit), path...)
	case !plain(text):
		f.at(problem.Invalid, "It must be one line of text without control characters.", path...)
	}
	return text
}

func plain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

func (f *faults) tags(tags []string) []string {
	if len(tags) > maxTags {
		f.at(problem.OutOfRange, fmt.Sprintf("There may be %d tags at most.", maxTags), "tags")
		return nil
	}
	out := make([]string, 0, len(tags))
	for i, tag := range tags {
		if tag = f.line(tag, maxTag, "tags", fmt.Sprint(i)); !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	return out
}

// metadata takes a JSON object; nil gives {}.
func (f *faults) metadata(raw json.RawMessage) json.RawMessage {
	v := jsontext.Value(bytes.TrimSpace(raw))
	switch {
	case len(v) == 0:
		return json.RawMessage("{}")
	case len(v) > maxMetadata:
		f.at(problem.OutOfRange, fmt.Sprintf("It may have %d bytes at most.", maxMetadata), "metadata")
	case !v.IsValid() || v.Kind() != '{':
		f.at(problem.Invalid, "It must be a JSON object.", "metadata")
	}
	return json.RawMessage(v)
}

func (f *faults) timeZone(zone string) string {
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		f.at(problem.Invalid, `It must be a time zone of the IANA list, like "Europe/Berlin" or "UTC".`, "time_zone")
	}
	return zone
}
