package file

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// sheet reads the rows of a workbook's sheet. A mark counts rows.
type sheet struct {
	*reading
	book    *book
	xml     *xml.Decoder
	columns []string
	at      int64
}

// maxColumns bounds a row.
const maxColumns = 1000

func newSheet(r *reading, at mark) (*sheet, error) {
	b, err := r.books.get(r)
	if err != nil {
		return nil, err
	}
	part := b.part(r.options.Sheet)
	if part == "" {
		return nil, badFile(r.file.Name, "it has no sheet %s", r.options.Sheet)
	}
	d, _, err := b.open(part, maxPart)
	if err != nil {
		return nil, b.broken(err)
	}
	s := &sheet{reading: r, book: b, xml: d}
	if err := s.begin(); err != nil {
		return nil, err
	}
	for s.at < at.Line {
		if _, err := s.next(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// part names the part of a sheet, the first one where none is named.
func (b *book) part(sheet string) string {
	for _, s := range b.sheets {
		if sheet == "" || s.name == sheet {
			return s.part
		}
	}
	return ""
}

// begin reads the header: the first row that holds anything.
func (s *sheet) begin() error {
	cells, err := s.filled()
	if atEnd(err) {
		return badFile(s.file.Name, "it has no header")
	}
	if err != nil {
		return err
	}
	for i := range cells {
		s.columns = append(s.columns, string(cells[i].text))
	}
	return s.header(s.columns)
}

func (s *sheet) next() (row, error) {
	cells, err := s.filled()
	if err != nil {
		return row{}, err
	}
	w := row{line: s.at, last: s.at, behind: s.at, cells: make([]cell, len(s.columns))}
	for i := range cells {
		switch {
		case i < len(s.columns):
			w.cells[i] = cells[i]
		case cells[i].json != nil || len(cells[i].text) > 0:
			w.flaw = "The row has values in columns that have no name."
		}
	}
	for i, name := range s.columns {
		w.cells[i].column = name
	}
	return w, nil
}

// filled gives the next row that holds anything.
func (s *sheet) filled() ([]cell, error) {
	for {
		t, err := s.xml.Token()
		var cut *xml.SyntaxError
		switch {
		case atEnd(err):
			return nil, io.EOF
		case errors.As(err, &cut), err != nil:
			return nil, s.book.broken(err)
		}
		start, ok := t.(xml.StartElement)
		if !ok || start.Name.Local != "row" {
			continue
		}
		s.at++
		if n, err := strconv.ParseInt(attribute(start, "r"), 10, 64); err == nil && n > s.at {
			s.at = n
		}
		cells, some, err := s.cells()
		if err != nil || some {
			return cells, err
		}
	}
}

// cells reads a row to its end; some says that it holds anything.
func (s *sheet) cells() (cells []cell, some bool, err error) {
	for {
		t, err := s.xml.Token()
		if err != nil {
			return nil, false, s.book.broken(err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			if t.Name.Local == "row" {
				return cells, some, nil
			}
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			at := len(cells)
			if ref := attribute(t, "r"); ref != "" {
				at = columnOf(ref)
			}
			if at < len(cells) || at > maxColumns {
				return nil, false, badFile(s.file.Name, "its row %d is not in order", s.at)
			}
			c, err := s.cell(t)
			if err != nil {
				return nil, false, s.book.broken(err)
			}
			for len(cells) < at {
				cells = append(cells, cell{})
			}
			cells, some = append(cells, c), some || c.json != nil || len(c.text) > 0
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// columnOf gives the position of the column of a reference like AB12.
func columnOf(ref string) int {
	n := 0
	for _, r := range ref {
		if r < 'A' || r > 'Z' || n > maxColumns {
			break
		}
		n = n*26 + int(r-'A') + 1
	}
	return n - 1
}

// cell reads a cell that has begun. A formula counts with the value that was computed last.
func (s *sheet) cell(start xml.StartElement) (cell, error) {
	var c struct {
		Value  string `xml:"v"`
		Inline *struct {
			Text string `xml:"t"`
			Runs []struct {
				Text string `xml:"t"`
			} `xml:"r"`
		} `xml:"is"`
	}
	if err := s.xml.DecodeElement(&c, &start); err != nil {
		return cell{}, err
	}
	switch attribute(start, "t") {
	case "s":
		i, err := strconv.Atoi(c.Value)
		if err != nil || i < 0 || i >= len(s.book.texts) {
			return cell{}, errors.New("points to a text that is not there")
		}
		return cell{text: []byte(s.book.texts[i])}, nil
	case "inlineStr":
		text := ""
		if c.Inline != nil {
			text = c.Inline.Text
			for _, r := range c.Inline.Runs {
				text += r.Text
			}
		}
		return cell{text: []byte(text)}, nil
	case "str", "d":
		return cell{text: []byte(c.Value)}, nil
	case "b":
		return cell{json: []byte(map[bool]string{true: "true", false: "false"}[c.Value == "1"])}, nil
	case "e": // an object is no value of any field, so the record is refused
		return cell{json: []byte(`{"error":` + strconv.QuoteToASCII(c.Value) + `}`)}, nil
	}
	style, _ := strconv.Atoi(attribute(start, "s"))
	return cell{text: []byte(s.book.number(c.Value, style)), plain: true}, nil
}

// number writes a number as people see it: of the binary fraction that is stored, 15 digits count; a date is written as one.
func (b *book) number(text string, style int) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return text
	}
	if style >= 0 && style < len(b.dates) && b.dates[style] != noDate {
		return b.moment(f, b.dates[style])
	}
	f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// moment makes a date of a number of days. In the older count there was a 29 February 1900, so that days before March 1900 cannot be told.
func (b *book) moment(days float64, kind dateKind) string {
	begin := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if b.from1904 {
		begin = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	} else if days < 61 {
		return "a date before March 1900"
	}
	if days > 3e6 {
		return "a date that is none"
	}
	whole := math.Floor(days)
	seconds := math.Round((days - whole) * 24 * 3600)
	at := begin.AddDate(0, 0, int(whole)).Add(time.Duration(seconds) * time.Second)
	if kind == aDay && seconds == 0 {
		return at.Format(time.DateOnly)
	}
	return strings.Replace(at.Format(time.DateTime), " ", "T", 1)
}
