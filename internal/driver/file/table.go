package file

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// bufferSize is how much is asked of a server at once.
const bufferSize = 256 << 10

// utf8Mark stands in front of a text that says it is UTF-8.
const utf8Mark = "\xef\xbb\xbf"

// maxRow bounds one row.
const maxRow = 8 << 20

// table reads separated values.
type table struct {
	*reading
	csv     *csv.Reader
	flow    *flow
	base    mark // where csv began
	columns []string
	ended   bool
}

// newTable reads the header, then goes to the mark. Delimiters and quotes are ASCII in every encoding that is taken, so bytes are split first and decoded then.
func newTable(r *reading, at mark) (*table, error) {
	start, err := r.skipMark()
	if err != nil {
		return nil, err
	}
	t := &table{reading: r, base: mark{Offset: start}}
	t.split()
	names, err := t.csv.Read()
	if atEnd(err) {
		return nil, badFile(r.file.Name, "it has no header")
	}
	if err != nil {
		return nil, t.refuse(err)
	}
	for _, n := range names {
		text, err := r.decode([]byte(n))
		if err != nil {
			return nil, badFile(r.file.Name, "its header is not encoded as the login says")
		}
		t.columns = append(t.columns, string(text))
	}
	if err := r.header(t.columns); err != nil || at.Offset == 0 {
		return t, err
	}
	if _, err := r.content.Seek(at.Offset, io.SeekStart); err != nil {
		return nil, err
	}
	t.base = at
	t.split()
	t.csv.FieldsPerRecord = len(t.columns)
	return t, nil
}

func (t *table) split() {
	t.flow = &flow{r: t.content, left: maxFlow}
	t.csv = csv.NewReader(bufio.NewReaderSize(t.flow, bufferSize))
	t.csv.Comma = t.format.delimiter
}

// maxFlow bounds what is read for one row: behind a quotation mark that is open the rest of the file is one value.
const maxFlow = 2*maxRow + bufferSize

var errFlow = errors.New("is longer than a row can be")

// flow fails when too much is read for one row.
type flow struct {
	r    io.Reader
	left int
}

func (f *flow) Read(p []byte) (int, error) {
	if f.left <= 0 {
		return 0, errFlow
	}
	n, err := f.r.Read(p[:min(len(p), f.left)])
	f.left -= n
	return n, err
}

// skipMark goes behind the mark of UTF-8. Other marks, and one in a file that is to be encoded otherwise, refuse the file.
func (r *reading) skipMark() (int64, error) {
	head := make([]byte, 3)
	n, err := io.ReadFull(r.content, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, err
	}
	head = head[:n]
	start := int64(0)
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return 0, badFile(r.file.Name, "it is encoded as UTF-16; write it as UTF-8")
	case bytes.HasPrefix(head, []byte("PK\x03")):
		return 0, badFile(r.file.Name, "it is a workbook or an archive, and its name says text")
	case string(head) == utf8Mark && r.format.charset != nil && kindOf(r.file.Name) == kindCSV:
		return 0, badFile(r.file.Name, "it says that it is UTF-8, and the login has another encoding")
	case string(head) == utf8Mark:
		start = 3
	}
	_, err = r.content.Seek(start, io.SeekStart)
	return start, err
}

func (t *table) next() (row, error) {
	if t.ended {
		return row{}, io.EOF
	}
	t.flow.left = maxFlow
	values, err := t.csv.Read()
	w := row{behind: t.base.Offset + t.csv.InputOffset()}
	var parse *csv.ParseError
	switch {
	case errors.Is(err, errFlow):
		return row{}, t.refuse(err)
	case atEnd(err):
		t.ended = true
		return row{}, io.EOF
	case errors.As(err, &parse):
		w.line, w.last = t.base.Line+int64(parse.StartLine), t.base.Line+int64(parse.Line)
		w.flaw, err = t.flaw(parse)
		return w, err
	case err != nil:
		return row{}, err
	}
	first, _ := t.csv.FieldPos(0)
	last, _ := t.csv.FieldPos(len(values) - 1)
	w.line, w.last = t.base.Line+int64(first), t.base.Line+int64(last+strings.Count(values[len(values)-1], "\n"))
	return t.take(w, values)
}

func (t *table) take(w row, values []string) (row, error) {
	w.cells = make([]cell, len(values))
	size := 0
	for i, v := range values {
		if size += len(v); size > maxRow {
			return w, badFile(t.file.Name, "line %d is longer than a row can be; is a quotation mark open?", w.line)
		}
		if strings.IndexByte(v, 0) >= 0 {
			return w, badFile(t.file.Name, "line %d holds NUL characters; it was cut off or is encoded otherwise", w.line)
		}
		text, _ := t.decode([]byte(v))
		w.cells[i] = cell{column: t.columns[i], text: text}
	}
	return w, nil
}

// flaw tells a bad row from a file that is torn: where a quotation mark is open, nobody knows how many rows it has swallowed.
func (t *table) flaw(p *csv.ParseError) (string, error) {
	switch {
	case errors.Is(p.Err, csv.ErrFieldCount):
		return "The row has another number of values than the header.", nil
	case errors.Is(p.Err, csv.ErrBareQuote) && p.StartLine == p.Line:
		return "A quotation mark stands within a value that does not begin with one.", nil
	case errors.Is(p.Err, csv.ErrQuote) && p.StartLine == p.Line && !t.atLast():
		return "A quotation mark within a value is not doubled.", nil
	}
	return "", badFile(t.file.Name, "a quotation mark that opens in line %d is not closed as it must be", t.base.Line+int64(p.StartLine))
}

// atLast tells whether the reader has come to the end of the file.
func (t *table) atLast() bool { return t.base.Offset+t.csv.InputOffset() >= t.file.Size }

func (t *table) refuse(err error) error {
	var parse *csv.ParseError
	switch {
	case errors.Is(err, errFlow):
		return badFile(t.file.Name, "a row behind its byte %d is longer than a row can be; is a quotation mark open?", t.base.Offset+t.csv.InputOffset())
	case errors.As(err, &parse):
		return badFile(t.file.Name, "its header is not one")
	}
	return err
}

// decode makes UTF-8. Bytes that stand for no character stay as they are, with an error.
func (r *reading) decode(text []byte) ([]byte, error) {
	if r.format.charset == nil {
		if !utf8.Valid(text) {
			return text, errEncoding
		}
		return text, nil
	}
	out, err := r.format.charset.NewDecoder().Bytes(text)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return text, errEncoding
	}
	return out, nil
}

var errEncoding = errors.New("is not encoded as it should be")

func appendInt(out []byte, n int64) []byte { return strconv.AppendInt(out, n, 10) }
