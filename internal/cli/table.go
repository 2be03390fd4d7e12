package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// show prints the API's answer as it is with --output json, and the table otherwise.
func (c *client) show(s *Streams, raw []byte, t *table) error {
	if c.Output == "json" {
		return printJSON(s.Out, raw)
	}
	return t.print(s.Out)
}

func printJSON(w io.Writer, raw []byte) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	v := jsontext.Value(bytes.Clone(raw))
	if err := v.Indent(jsontext.WithIndent("  ")); err != nil {
		return fmt.Errorf("the answer is not JSON: %w", err)
	}
	_, err := fmt.Fprintf(w, "%s\n", escaped(v))
	return err
}

// escaped writes what a terminal obeys as JSON writes such characters, so that it means the same and does nothing. Outside of texts JSON has none.
func escaped(v jsontext.Value) []byte {
	out := make([]byte, 0, len(v))
	for len(v) > 0 {
		r, size := utf8.DecodeRune(v)
		if r != '\n' && obeyed(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, v[:size]...)
		}
		v = v[size:]
	}
	return out
}

// obeyed tells of characters that change how a terminal shows others: control characters, and those for the direction of text.
func obeyed(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// table is rows under titles; none says what an empty one means.
type table struct {
	titles []string
	rows   [][]string
	none   string
}

func newTable(none string, titles ...string) *table { return &table{titles: titles, none: none} }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) print(w io.Writer) error {
	if len(t.rows) == 0 {
		_, err := fmt.Fprintln(w, t.none)
		return err
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(t.titles) > 0 {
		fmt.Fprintln(tw, strings.Join(t.titles, "\t"))
	}
	for _, row := range t.rows {
		fmt.Fprintln(tw, strings.Join(cleaned(row), "\t"))
	}
	return tw.Flush()
}

// cleaned makes cells fit for a terminal: data of foreign systems may hold control characters.
func cleaned(row []string) []string {
	out := make([]string, len(row))
	for i, cell := range row {
		out[i] = clean(cell)
	}
	return out
}

func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if obeyed(r) {
			return ' '
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s
}

// cleanLines is clean for text of several lines.
func cleanLines(s string) string {
	all := strings.Split(s, "\n")
	for i, line := range all {
		all[i] = clean(line)
	}
	return strings.Join(all, "\n")
}

// facts is the table of one thing: a name and a value in each line.
func facts(pairs ...string) *table {
	t := &table{}
	for i := 0; i+1 < len(pairs); i += 2 {
		t.add(pairs[i]+":", pairs[i+1])
	}
	return t
}

// instant shortens a time of the API to seconds, in UTC as the API writes it.
func instant(s *string) string {
	if s == nil {
		return ""
	}
	at, err := time.Parse(time.RFC3339Nano, *s)
	if err != nil {
		return *s
	}
	return at.UTC().Format("2006-01-02 15:04:05Z")
}

func count(n int64) string { return fmt.Sprint(n) }
