package file

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

// lines reads a JSON object from each line.
type lines struct {
	*reading
	text *bufio.Reader
	at   mark
}

func newLines(r *reading, at mark) (*lines, error) {
	start, err := r.skipMark()
	if err != nil {
		return nil, err
	}
	at.Offset = max(at.Offset, start)
	if _, err := r.content.Seek(at.Offset, io.SeekStart); err != nil {
		return nil, err
	}
	return &lines{r, bufio.NewReaderSize(r.content, bufferSize), at}, nil
}

func (l *lines) next() (row, error) {
	for {
		text, err := l.line()
		if err != nil {
			return row{}, err
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		w := row{line: l.at.Line, last: l.at.Line, behind: l.at.Offset}
		switch {
		case rawjson.Valid(text) != nil && l.at.Offset >= l.file.Size:
			return w, badFile(l.file.Name, "it breaks off in line %d", w.line)
		case rawjson.Valid(text) != nil:
			w.flaw = "The line is not JSON."
		case text[0] != '{':
			w.flaw = "The line is no JSON object."
		default:
			w.object = text
		}
		return w, nil
	}
}

// line reads a line, the last one without its end too.
func (l *lines) line() ([]byte, error) {
	var text []byte
	for {
		part, err := l.text.ReadSlice('\n')
		text = append(text, part...)
		l.at.Offset += int64(len(part))
		switch {
		case len(text) > maxRow:
			return nil, badFile(l.file.Name, "line %d is longer than a record can be", l.at.Line+1)
		case err == nil, atEnd(err) && len(text) > 0:
			l.at.Line++
			return text, nil
		case errors.Is(err, bufio.ErrBufferFull):
		default:
			return nil, err
		}
	}
}
