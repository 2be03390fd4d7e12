package file

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// connectOptions is the manifest's `connect:` section. Texts of format and complete may be {a field of the login}.
type connectOptions struct {
	Folders  folderOptions   `yaml:"folders"`
	Format   formatOptions   `yaml:"format"`
	Complete completeOptions `yaml:"complete"`
}

// folderOptions are the folders below the directory of the login.
type folderOptions struct {
	In      string `yaml:"in"`
	Out     string `yaml:"out"`
	Archive string `yaml:"archive"`
	Refused string `yaml:"refused"`
}

// formatOptions say how texts are written in files.
type formatOptions struct {
	Delimiter string `yaml:"delimiter"`
	Encoding  string `yaml:"encoding"`
	Decimal   string `yaml:"decimal"`
	Dates     string `yaml:"dates"`
}

// completeOptions say how a file that is still being written is known.
type completeOptions struct {
	Style  string        `yaml:"style"`
	Quiet  time.Duration `yaml:"quiet"`
	Marker string        `yaml:"marker"`
}

// readOptions is an entity's `read:` section.
type readOptions struct {
	Name     string        `yaml:"name" manifest:"required"`
	Holds    string        `yaml:"holds" manifest:"required" words:"snapshot,changes"`
	Order    string        `yaml:"order" words:"name,time"`
	Required []string      `yaml:"required"`
	Numbers  []string      `yaml:"numbers"`
	Dates    []string      `yaml:"dates"`
	Sheet    string        `yaml:"sheet"`
	Group    *groupOptions `yaml:"group"`
}

// groupOptions make one record of neighbouring rows with the same key.
type groupOptions struct {
	By      []string `yaml:"by" manifest:"required"`
	Into    string   `yaml:"into" manifest:"required"`
	Columns []string `yaml:"columns" manifest:"required"`
}

// sendOptions is a create's `send:` section.
type sendOptions struct {
	Name    string   `yaml:"name" manifest:"required"`
	As      string   `yaml:"as" words:"csv,jsonl"`
	Columns []string `yaml:"columns"`
	Mark    string   `yaml:"mark" manifest:"required"`
}

// The words of options.
const (
	snapshot = "snapshot"
	changes  = "changes"

	byName = "name"
	byTime = "time"

	quiet   = "quiet"
	renamed = "renamed"
	marker  = "marker"

	asCSV   = "csv"
	asLines = "jsonl"
)

func decodeConnect(s *manifest.System) (*connectOptions, manifest.Problems) {
	o := &connectOptions{
		Folders:  folderOptions{In: "in", Out: "out", Archive: "archive", Refused: "refused"},
		Format:   formatOptions{Delimiter: ",", Encoding: "utf-8", Decimal: ".", Dates: "YYYY-MM-DD"},
		Complete: completeOptions{Style: quiet, Quiet: time.Minute, Marker: ".done"},
	}
	return o, s.Options.Decode(o)
}

func decodeRead(e *manifest.Entity) (*readOptions, manifest.Problems) {
	o := &readOptions{Order: byName}
	return o, e.Read.Decode(o)
}

func decodeSend(options manifest.Options) (*sendOptions, manifest.Problems) {
	o := &sendOptions{As: asCSV}
	return o, options.Decode(o)
}

// format is how the files of one connection are written.
type format struct {
	delimiter rune
	charset   *charmap.Charmap // nil: UTF-8
	comma     bool             // numbers have a decimal comma
	layout    string           // of dates
	complete  string
}

func charsets() map[string]*charmap.Charmap {
	return map[string]*charmap.Charmap{"utf-8": nil, "windows-1252": charmap.Windows1252, "iso-8859-1": charmap.ISO8859_1, "iso-8859-15": charmap.ISO8859_15}
}

func delimiters() map[string]rune {
	return map[string]rune{",": ',', ";": ';', "|": '|', "tab": '\t'}
}

// dateLayout makes a layout of DD.MM.YYYY; empty when the text is none.
func dateLayout(text string) string {
	for _, part := range []string{"YYYY", "MM", "DD"} {
		if strings.Count(text, part) != 1 {
			return ""
		}
	}
	out := strings.NewReplacer("YYYY", "2006", "MM", "01", "DD", "02").Replace(text)
	if strings.ContainsFunc(strings.NewReplacer("YYYY", "", "MM", "", "DD", "").Replace(text), func(r rune) bool { return !strings.ContainsRune("-./ ", r) }) {
		return ""
	}
	return out
}

// field gives the name of the field in a text like {field}; "" for any other text.
func field(text string) string {
	if names := manifest.Placeholders(text); len(names) == 1 && text == "{"+names[0]+"}" {
		return names[0]
	}
	return ""
}

// choice is an option with few words, which the login may choose.
type choice struct {
	name, text, otherwise string
	known                 []string
}

func (o *connectOptions) choices() []choice {
	return []choice{
		{"format.delimiter", o.Format.Delimiter, ",", []string{",", ";", "|", "tab"}},
		{"format.encoding", o.Format.Encoding, "utf-8", []string{"utf-8", "windows-1252", "iso-8859-1", "iso-8859-15"}},
		{"format.decimal", o.Format.Decimal, ".", []string{".", ","}},
		{"format.dates", o.Format.Dates, "YYYY-MM-DD", nil},
		{"complete.style", o.Complete.Style, quiet, []string{quiet, renamed, marker}},
	}
}

// takes tells whether the choice takes a word.
func (c choice) takes(word string) bool {
	if c.known == nil {
		return dateLayout(word) != ""
	}
	return slices.Contains(c.known, word)
}

func (c choice) words() string {
	if c.known == nil {
		return "YYYY, MM and DD with -, ., / or a space between them"
	}
	return "one of " + strings.Join(c.known, " ")
}

// formatFor reads what the login chooses.
func (o *connectOptions) formatFor(login func(field string) string) (format, error) {
	chosen := map[string]string{}
	for _, c := range o.choices() {
		word, from := c.text, field(c.text)
		if from != "" {
			word = strings.TrimSpace(login(from))
		}
		if word == "" {
			word = c.otherwise
		}
		if !c.takes(word) {
			return format{}, &driver.Error{Kind: driver.Credentials, Field: from, Detail: "The field " + from + " takes " + c.words() + "."}
		}
		chosen[c.name] = word
	}
	return format{
		delimiter: delimiters()[chosen["format.delimiter"]], charset: charsets()[chosen["format.encoding"]], comma: chosen["format.decimal"] == ",",
		layout: dateLayout(chosen["format.dates"]), complete: chosen["complete.style"],
	}, nil
}
