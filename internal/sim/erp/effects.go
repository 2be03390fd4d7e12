package erp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Effect is one change that came through the API and had its effect. A receipt has two: its own, and the order's; a posting one more for each line, the stock's.
type Effect struct {
	Resource string
	Op       string // create, update, delete
	ID       string
	Mark     string          // create: the Idempotency-Key, vendorNumber or externalRef; else what the record holds of the latter two
	Record   json.RawMessage // after the change; nil: deleted
	At       time.Time
}

// Effects gives every change that came through the API, in order, those of earlier runs on the same directory among them.
func (s *Server) Effects() []Effect {
	s.reveal()
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.effects)
}

// account notes an effect, and the key that a repetition of its write would bring.
func (s *Server) account(e entry, before *row) {
	f := Effect{Resource: e.Resource, Op: "update", ID: e.ID, Record: e.Record, At: time.UnixMicro(e.At).UTC()}
	held := []byte(e.Record)
	switch {
	case e.Record == nil && before != nil:
		f.Op, held = "delete", s.byName[e.Resource].json(before)
	case before == nil:
		f.Op = "create"
	}
	f.Mark = markOf(e, held)
	s.effects = append(s.effects, f)
	if e.Key != "" {
		s.keys[e.Key] = known{e.At, e.Sent, e.Record}
	}
}

func markOf(e entry, record []byte) string {
	if _, key, ok := strings.Cut(e.Key, " "); ok {
		return key
	}
	var held struct{ VendorNumber, ExternalRef string }
	if e.Resource == "vendors" || e.Resource == "purchase-orders" {
		_ = json.Unmarshal(record, &held)
	}
	return held.VendorNumber + held.ExternalRef
}

// keyKept is how long an Idempotency-Key is known.
const keyKept = 24 * time.Hour

// known is what came of the create that first brought a key.
type known struct {
	at     int64  // µs
	sent   string // digest of its body
	record json.RawMessage
}

// repeated gives the answer to a create whose key is known; nil: it is not.
func (s *Server) repeated(e entry) *reply {
	k, ok := s.keys[e.Key]
	if !ok || s.opts.Now().UnixMicro()-k.at >= keyKept.Microseconds() {
		return nil
	}
	if k.sent != e.Sent {
		no := refused(unprocessable("key_reused", "This Idempotency-Key came with another body before; send a new key."))
		return &no
	}
	return &reply{status: http.StatusCreated, record: s.show(k.record)}
}

// digest tells bodies apart, whatever space stands between their members.
func digest(body []byte) string {
	var plain bytes.Buffer
	if json.Compact(&plain, body) != nil {
		plain.Reset()
		plain.Write(body)
	}
	sum := sha256.Sum256(plain.Bytes())
	return hex.EncodeToString(sum[:])
}

// etag is the version of a record as lists show it: its updatedAt.
func etag(record []byte) string {
	const member = `"updatedAt":"`
	at := bytes.LastIndex(record, []byte(member))
	if at < 0 {
		return `""`
	}
	rest := record[at+len(member):]
	return `"` + string(rest[:max(0, bytes.IndexByte(rest, '"'))]) + `"`
}

// matches tells whether If-Match names that version.
func matches(header, etag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimSpace(one); one == "*" || one == etag {
			return true
		}
	}
	return false
}
