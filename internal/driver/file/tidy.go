package file

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// tidied gives rows whose numbers and dates are written as JSON has them. What is not written as the login says stays as it is, so that it is refused where it is mapped.
type tidied struct {
	rows
	*reading
}

func (t *tidied) next() (row, error) {
	w, err := t.rows.next()
	for i := range w.cells {
		c := &w.cells[i]
		switch {
		case c.json != nil || c.plain || len(c.text) == 0:
		case slices.Contains(t.options.Numbers, c.column):
			c.text = []byte(t.format.number(string(c.text)))
		case slices.Contains(t.options.Dates, c.column):
			c.text = []byte(t.format.date(string(c.text)))
		}
	}
	return w, err
}

var (
	withComma = regexp.MustCompile(`^[+-]?(\d{1,3}(\.\d{3})+|\d{1,3}( \d{3})+|\d+)(,\d+)?$`)
	withPoint = regexp.MustCompile(`^[+-]?(\d{1,3}(,\d{3})+|\d{1,3}( \d{3})+)(\.\d+)?$`)
)

// number takes separators of thousands out and puts a point where the login has a comma. A text that could be read in two ways is left to the mapping, which refuses it.
func (f format) number(text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\u00a0", " ")
	switch {
	case f.comma && withComma.MatchString(text):
		text = strings.NewReplacer(".", "", " ", "", ",", ".").Replace(text)
	case f.comma && strings.Contains(text, "."):
		return text + " (with a decimal comma)"
	case !f.comma && withPoint.MatchString(text):
		text = strings.NewReplacer(",", "", " ", "").Replace(text)
	}
	return strings.TrimPrefix(text, "+")
}

func (f format) date(text string) string {
	text = strings.TrimSpace(text)
	day, err := time.Parse(f.layout, text)
	if err != nil {
		return text
	}
	return day.Format(time.DateOnly)
}
