package odata

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
)

// WriteMany implements driver.Writer: a batch, in which each write is a changeset of its own, or all of them one.
func (c *client) WriteMany(ctx context.Context, ws []driver.Command, atomic bool) ([]driver.Result, error) {
	if len(ws) == 0 {
		return nil, nil
	}
	r, calls, err := c.callsOf(ws, atomic)
	if err != nil {
		return nil, err
	}
	body, boundary := c.batchBody(r, calls, atomic)
	req, err := c.request(ctx, r.Protocol, http.MethodPost, c.address(r.Service, "$batch"), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "multipart/mixed; boundary="+boundary)
	req.Header.Set("Accept", "multipart/mixed")
	a, err := c.carry(r.Protocol, r.Service, req)
	if err == nil {
		err = c.login.SignedOut(a.proof, ofAll(c.decide(a, ws[0])))
	}
	if err != nil {
		return nil, c.answered(err, a)
	}
	results, err := c.resultsOf(r, a, ws, atomic)
	for i := range results {
		results[i].Err = c.sure(ctx, r, ws[i].RemoteID, results[i].Err)
	}
	return results, c.answered(err, a)
}

// ofAll takes from the refusal of a whole call what it would say of a single record.
func ofAll(err error) error {
	e, ok := err.(*driver.Error)
	if !ok {
		return err
	}
	again := *e
	switch e.Kind {
	case driver.Conflict, driver.Gone, driver.Duplicate:
		again.Kind = driver.Invalid
	}
	return &again
}

// callsOf makes the request of each command.
func (c *client) callsOf(ws []driver.Command, atomic bool) (*reading, []*call, error) {
	w := ws[0]
	bulk, r := w.Entity.Operations[w.Op].Bulk, c.readings[w.Entity.Name]
	what := "to " + string(w.Op) + " several " + w.Entity.Name + " at once"
	switch {
	case bulk == nil || bulk.Send.Node == nil || r == nil:
		return nil, nil, unfit("The connector does not say how " + what + ".")
	case atomic && !bulk.Atomic:
		return nil, nil, unfit("The system has no call " + what + ", all or none.")
	case len(ws) > bulk.Max:
		return nil, nil, unfit("The system does not take so many in a call " + what + ".")
	}
	o, problems := decodeBulk(bulk.Send)
	if len(problems) > 0 {
		return nil, nil, unfit("The connector does not say soundly how " + what + ": " + problems.Error())
	}
	calls, seen := make([]*call, len(ws)), map[string]bool{}
	for i, w := range ws {
		if w.Mark == "" || seen[w.Mark] || w.Op != ws[0].Op || w.Entity != ws[0].Entity || w.Move != nil {
			return nil, nil, unfit("These writes cannot be told apart in one call.")
		}
		seen[w.Mark] = true
		var err error
		if calls[i], err = c.callOf(r, &o.sendOptions, w); err != nil {
			return nil, nil, err
		}
	}
	return r, calls, nil
}

// boundaries part what no body holds: JSON has no line that begins with them.
const batchBoundary, changesBoundary = "batch_busbar", "changeset_busbar"

// batchBody writes the whole call. Each write has its number as Content-ID.
func (c *client) batchBody(r *reading, calls []*call, atomic bool) ([]byte, string) {
	var out bytes.Buffer
	for i, call := range calls {
		if i == 0 || !atomic {
			fmt.Fprintf(&out, "--%s\r\nContent-Type: multipart/mixed; boundary=%s%d\r\n\r\n", batchBoundary, changesBoundary, i)
		}
		set := i
		if atomic {
			set = 0
		}
		fmt.Fprintf(&out, "--%s%d\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: %d\r\n\r\n", changesBoundary, set, i+1)
		fmt.Fprintf(&out, "%s %s HTTP/1.1\r\nAccept: application/json\r\n", call.method, within(c.address(r.Service, "").EscapedPath(), call.url.EscapedPath(), call.url.RawQuery))
		if call.match != "" {
			fmt.Fprintf(&out, "If-Match: %s\r\n", call.match)
		}
		if call.body != nil {
			fmt.Fprintf(&out, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(call.body))
		}
		fmt.Fprintf(&out, "\r\n%s\r\n", call.body)
		if !atomic || i == len(calls)-1 {
			fmt.Fprintf(&out, "--%s%d--\r\n\r\n", changesBoundary, set)
		}
	}
	fmt.Fprintf(&out, "--%s--\r\n", batchBoundary)
	return out.Bytes(), batchBoundary
}

// within gives an address relative to its service, as a part of a batch names it.
func within(service, path, query string) string {
	path = strings.TrimPrefix(path, service)
	if query != "" {
		path += "?" + query
	}
	return path
}

// parted is one answer within that of a batch. A changeset that is refused has one answer for all of it.
type parted struct {
	*answer
	id    string // Content-ID; may be empty
	whole bool   // of a whole changeset
}

// resultsOf tells what came of each write. Answers are matched by Content-ID; where a system leaves it out, by their order, which the protocol promises, and only when all are there.
func (c *client) resultsOf(r *reading, a *answer, ws []driver.Command, atomic bool) ([]driver.Result, error) {
	sets, err := partsOf(a)
	if err != nil {
		return nil, err
	}
	results := make([]driver.Result, len(ws))
	for i := range results {
		results[i].Err = torn("The answer does not say what came of this write.")
	}
	if atomic {
		if len(sets) == 1 {
			c.settle(r, results, ws, sets[0])
		}
		return results, nil
	}
	seen := map[int]bool{}
	for i, set := range sets {
		n := i
		if len(set) == 1 && set[0].id != "" {
			number, err := strconv.Atoi(set[0].id)
			n = number - 1
			if err != nil || n < 0 || n >= len(ws) || n != i && len(sets) == len(ws) {
				return nil, torn("The answer does not match the writes of the call.")
			}
		} else if len(sets) != len(ws) {
			continue
		}
		if seen[n] {
			return nil, torn("The answer says more than once what came of a write.")
		}
		seen[n] = true
		c.settle(r, results[n:n+1], ws[n:n+1], set)
	}
	return results, nil
}

// settle notes what came of the writes of one changeset.
func (c *client) settle(r *reading, results []driver.Result, ws []driver.Command, set []parted) {
	if len(set) == 1 && set[0].whole {
		for i, w := range ws {
			err := c.decide(set[0].answer, w)
			if len(ws) > 1 {
				err = ofAll(err)
			}
			if err != nil {
				results[i] = driver.Result{Err: c.answered(err, set[0].answer)}
			}
		}
		return
	}
	if len(set) != len(ws) {
		return
	}
	if set = inOrder(set); set == nil {
		return
	}
	for i, w := range ws {
		a := set[i].answer
		err := c.decide(a, w)
		var got driver.Written
		if err == nil {
			got, err = c.writtenBy(r, a, w)
		}
		if err != nil {
			results[i] = driver.Result{Err: c.answered(err, a)}
			continue
		}
		got.Answer = c.kept(a.body, true)
		results[i] = driver.Result{Written: got}
	}
}

// inOrder puts the answers of a changeset of several writes in the order of the writes, which a system need not keep; nil where they do not tell it. One without any Content-ID is taken as it is.
func inOrder(set []parted) []parted {
	if len(set) < 2 || !slices.ContainsFunc(set, func(p parted) bool { return p.id != "" }) {
		return set
	}
	sorted := make([]parted, len(set))
	for _, p := range set {
		n, err := strconv.Atoi(p.id)
		if err != nil || n < 1 || n > len(set) || sorted[n-1].answer != nil {
			return nil
		}
		sorted[n-1] = p
	}
	return sorted
}

// partsOf takes the answer of a batch apart, to its last boundary.
func partsOf(a *answer) ([][]parted, error) {
	var sets [][]parted
	err := eachPart(a.header.Get("Content-Type"), bytes.NewReader(a.body), func(h textproto.MIMEHeader, body []byte) error {
		if kind, _, _ := mime.ParseMediaType(h.Get("Content-Type")); kind != "multipart/mixed" {
			one, err := answerIn(h, body, true)
			sets = append(sets, []parted{one})
			return err
		}
		var set []parted
		err := eachPart(h.Get("Content-Type"), bytes.NewReader(body), func(h textproto.MIMEHeader, body []byte) error {
			one, err := answerIn(h, body, false)
			set = append(set, one)
			return err
		})
		sets = append(sets, set)
		return err
	})
	return sets, err
}

// eachPart reads the parts of a multipart body to its proved end.
func eachPart(contentType string, body io.Reader, do func(textproto.MIMEHeader, []byte) error) error {
	broken := torn("The answer of the call for many is cut off, or not what the protocol promises.")
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return broken
	}
	parts := multipart.NewReader(body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return broken
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return broken
		}
		if err := do(p.Header, content); err != nil {
			return err
		}
	}
}

// answerIn reads the answer that is within a part.
func answerIn(h textproto.MIMEHeader, body []byte, whole bool) (parted, error) {
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(body)), nil)
	if err != nil {
		return parted{}, torn("A part of the answer of the call for many is not an answer.")
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return parted{}, torn("A part of the answer of the call for many is cut off.")
	}
	id := h.Get("Content-ID")
	if id == "" {
		id = resp.Header.Get("Content-ID")
	}
	return parted{&answer{status: resp.StatusCode, header: resp.Header, body: bytes.TrimSpace(content)}, id, whole}, nil
}
