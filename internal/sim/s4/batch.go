package s4

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
)

// batch does the parts of a multipart call in order. The writes of a changeset have an effect together or not at all.
func (s *Server) batch(w http.ResponseWriter, r *http.Request, sv *service) *refusal {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return bad("A batch is multipart/mixed with a boundary")
	}
	var out bytes.Buffer
	to := multipart.NewWriter(&out)
	parts := multipart.NewReader(r.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return bad("The batch is not well-formed: %s", err)
		}
		kind, inner, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if kind == "multipart/mixed" {
			s.changeset(to, part, inner["boundary"], sv)
			continue
		}
		a, _ := s.within(part, sv)
		writeAnswer(to, a, "")
	}
	_ = to.Close()
	w.Header().Set("Content-Type", "multipart/mixed; boundary="+to.Boundary())
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(out.Bytes())
	return nil
}

// changeset does writes together; the first that is refused undoes those before it, and answers for all.
func (s *Server) changeset(to *multipart.Writer, body io.Reader, boundary string, sv *service) {
	var inner bytes.Buffer
	answers := multipart.NewWriter(&inner)
	before := s.snapshot()
	parts := multipart.NewReader(body, boundary)
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			break
		}
		a, ok := s.within(part, sv)
		if !ok {
			s.restore(before)
			writeAnswer(to, a, "")
			return
		}
		writeAnswer(answers, a, part.Header.Get("Content-ID"))
	}
	_ = answers.Close()
	w, _ := to.CreatePart(map[string][]string{"Content-Type": {"multipart/mixed; boundary=" + answers.Boundary()}})
	_, _ = w.Write(inner.Bytes())
}

// within does the one request that a part holds.
func (s *Server) within(part io.Reader, sv *service) (*httptest.ResponseRecorder, bool) {
	w := httptest.NewRecorder()
	head := bufio.NewReader(part)
	line, _ := head.ReadString('\n')
	words := strings.Fields(line)
	if len(words) != 3 {
		answer(w, bad("A part of a batch is a request"), sv.version)
		return w, false
	}
	r, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(words[0]+" /"+words[1]+" "+words[2]+"\r\n"), head)))
	if err != nil {
		answer(w, bad("A part of a batch is a request: %s", err), sv.version)
		return w, false
	}
	resource, _ := url.PathUnescape(strings.TrimPrefix(r.URL.Path, "/"))
	if wrong := s.resource(w, r, sv, resource); wrong != nil {
		answer(w, wrong, sv.version)
	}
	return w, w.Code < 300
}

func writeAnswer(to *multipart.Writer, a *httptest.ResponseRecorder, id string) {
	header := map[string][]string{"Content-Type": {"application/http"}, "Content-Transfer-Encoding": {"binary"}}
	if id != "" {
		header["Content-Id"] = []string{id}
	}
	w, _ := to.CreatePart(header)
	fmt.Fprintf(w, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n", a.Code, http.StatusText(a.Code), a.Header().Get("Content-Type"), a.Body.Len())
	if tag := a.Header().Get("ETag"); tag != "" {
		fmt.Fprintf(w, "ETag: %s\r\n", tag)
	}
	fmt.Fprintf(w, "\r\n%s\r\n", a.Body.Bytes())
}

// snapshot keeps what there is, for a changeset that is undone.
func (s *Server) snapshot() map[string][]row {
	kept := map[string][]row{}
	for name, t := range s.tables {
		if t.writes == "" {
			continue
		}
		for _, r := range t.rows {
			kept[name] = append(kept[name], row{maps.Clone(r.values), r.version})
		}
	}
	return kept
}

func (s *Server) restore(kept map[string][]row) {
	for name, t := range s.tables {
		if t.writes == "" {
			continue
		}
		t.rows, t.index, t.group = nil, map[string]*row{}, map[string][]*row{}
		for _, r := range slices.Clone(kept[name]) {
			t.insert(r.values).version = r.version
		}
	}
}
