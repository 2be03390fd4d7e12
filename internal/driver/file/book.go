package file

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"
	"sync"
)

// Bounds of a workbook: a small file may unpack to any size.
const (
	maxBook    = 32 << 20
	maxPart    = 512 << 20 // of a sheet, unpacked
	maxStrings = 64 << 20  // of the texts, unpacked
	maxStyles  = 8 << 20
)

// books keeps the workbook that was read last, for its next page.
type books struct {
	mu   sync.Mutex
	path string
	file entry
	book *book
}

// book is an XLSX workbook.
type book struct {
	file     string
	parts    map[string]*zip.File
	sheets   []sheetRef
	texts    []string
	dates    []dateKind // by number of cell format
	from1904 bool
}

type sheetRef struct{ name, part string }

var errBounds = errors.New("is larger than a workbook may be")

// get gives the workbook of a file; what is kept counts only for the same content.
func (b *books) get(r *reading) (*book, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.book != nil && b.path == r.path && b.file.same(r.file) {
		return b.book, nil
	}
	if r.file.Size > maxBook {
		return nil, badFile(r.file.Name, "a workbook may have %d MiB at most; write it as CSV", maxBook>>20)
	}
	text, err := io.ReadAll(io.LimitReader(r.content, maxBook+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) != r.file.Size {
		return nil, again(r.file.Name)
	}
	opened, err := openBook(r.file.Name, text)
	if err != nil {
		return nil, err
	}
	b.path, b.file, b.book = r.path, r.file, opened
	return opened, nil
}

func openBook(name string, text []byte) (*book, error) {
	archive, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, badFile(name, "it is no workbook, or is cut off")
	}
	b := &book{file: name, parts: map[string]*zip.File{}}
	for _, f := range archive.File {
		b.parts[strings.TrimPrefix(f.Name, "/")] = f
	}
	for _, read := range []func() error{b.readSheets, b.readTexts, b.readStyles} {
		if err := read(); err != nil {
			return nil, b.broken(err)
		}
	}
	return b, nil
}

func (b *book) broken(err error) error {
	if errors.Is(err, errBounds) {
		return badFile(b.file, "it unpacks to more than a workbook may hold; write it as CSV")
	}
	return badFile(b.file, "it is no workbook, or is damaged")
}

// open opens a part, up to a size. A part that is not there is empty.
func (b *book) open(name string, most int64) (*xml.Decoder, func(), error) {
	f := b.parts[name]
	if f == nil {
		return xml.NewDecoder(strings.NewReader("")), func() {}, nil
	}
	body, err := f.Open()
	if err != nil {
		return nil, nil, err
	}
	return xml.NewDecoder(&bounded{body, most}), func() { _ = body.Close() }, nil
}

// bounded fails behind so many bytes, whatever the archive says of its sizes.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errBounds
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// decode reads a small part at once.
func (b *book) decode(name string, most int64, v any) error {
	d, done, err := b.open(name, most)
	if err != nil {
		return err
	}
	defer done()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func (b *book) readSheets() error {
	var top struct {
		Properties struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var links struct {
		List []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := errors.Join(b.decode("xl/workbook.xml", maxStyles, &top), b.decode("xl/_rels/workbook.xml.rels", maxStyles, &links)); err != nil {
		return err
	}
	b.from1904 = top.Properties.Date1904 == "1" || top.Properties.Date1904 == "true"
	for _, s := range top.Sheets {
		for _, l := range links.List {
			if l.ID == s.ID {
				part := path.Join("xl", l.Target)
				if strings.HasPrefix(l.Target, "/") {
					part = l.Target[1:]
				}
				b.sheets = append(b.sheets, sheetRef{s.Name, part})
			}
		}
	}
	if len(b.sheets) == 0 {
		return errors.New("has no sheet")
	}
	return nil
}

// readTexts reads the texts that cells point to; a text may be in several runs, and readings of characters beside it are none of it.
func (b *book) readTexts() error {
	d, done, err := b.open("xl/sharedStrings.xml", maxStrings)
	if err != nil {
		return err
	}
	defer done()
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if start, ok := t.(xml.StartElement); ok && start.Name.Local == "si" {
			text, err := richText(d)
			if err != nil {
				return err
			}
			b.texts = append(b.texts, text)
		}
	}
}

// richText reads the text of an element that has begun, up to its end.
func richText(d *xml.Decoder) (string, error) {
	var out strings.Builder
	var within []string
	for {
		t, err := d.Token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if within = append(within, t.Name.Local); t.Name.Local == "rPh" {
				within = within[:len(within)-1]
				if err := d.Skip(); err != nil {
					return "", err
				}
			}
		case xml.EndElement:
			if len(within) == 0 {
				return out.String(), nil
			}
			within = within[:len(within)-1]
		case xml.CharData:
			if len(within) > 0 && within[len(within)-1] == "t" {
				out.Write(t)
			}
		}
	}
}

// dateKind says what a cell format makes of a number.
type dateKind int

const (
	noDate dateKind = iota
	aDay
	aTime // a day with a time
)

var (
	quoted   = regexp.MustCompile(`"[^"]*"|\\.|\[[^\]]*\]`)
	dayParts = regexp.MustCompile(`(?i)[yd]`)
	hourPart = regexp.MustCompile(`(?i)[hs]`)
)

func (b *book) readStyles() error {
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			ID int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := b.decode("xl/styles.xml", maxStyles, &styles); err != nil {
		return err
	}
	known := map[int]dateKind{14: aDay, 15: aDay, 16: aDay, 17: aDay, 22: aTime}
	for _, f := range styles.Formats {
		code := quoted.ReplaceAllString(f.Code, "")
		switch {
		case dayParts.MatchString(code) && hourPart.MatchString(code):
			known[f.ID] = aTime
		case dayParts.MatchString(code):
			known[f.ID] = aDay
		}
	}
	for _, c := range styles.Cells {
		b.dates = append(b.dates, known[c.ID])
	}
	return nil
}
