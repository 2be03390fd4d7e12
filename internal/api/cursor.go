package api

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"

	"github.com/busbar-dev/busbar/internal/problem"
)

// cursorKind tells what a cursor walks through.
type cursorKind byte

const (
	listCursor cursorKind = 'l' // records in change order
	feedCursor cursorKind = 'f' // changes
	idCursor   cursorKind = 'i' // things of the control plane, newest first
)

// place is what a cursor is bound to: it opens only there.
type place struct {
	kind    cursorKind
	owner   string // id of the connection or project
	subject string // entity, or the kind of thing listed
	filters string // canonical text of filters and order
}

// position is where a cursor points: a sequence number within an epoch, or an id.
type position struct {
	epoch, seq int64
	id         string
}

const (
	cursorVersion = 1
	cursorPurpose = "cursor"
	macSize       = 32
	longestCursor = 512
)

// seal makes the cursor: version, hash of the filters and position in the clear, then a keyed hash over those and the place.
func (s *server) seal(at place, p position) string {
	body := []byte{cursorVersion}
	body = binary.BigEndian.AppendUint64(body, filterHash(at.filters))
	body = binary.AppendVarint(body, p.epoch)
	body = binary.AppendVarint(body, p.seq)
	body = append(body, p.id...)
	return base64.RawURLEncoding.EncodeToString(append(body, s.Secrets.MAC(cursorPurpose, at.bind(body))...))
}

// open gives the position of a cursor made for this place: invalid-cursor when it was not, cursor-mismatch under other filters.
func (s *server) open(at place, text string) (position, error) {
	if len(text) > longestCursor {
		return position{}, invalidCursor()
	}
	all, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(all) < 1+8+2+macSize || all[0] != cursorVersion {
		return position{}, invalidCursor()
	}
	body, mac := all[:len(all)-macSize], all[len(all)-macSize:]
	if !s.Secrets.VerifyMAC(cursorPurpose, at.bind(body), mac) {
		return position{}, invalidCursor()
	}
	if binary.BigEndian.Uint64(body[1:]) != filterHash(at.filters) {
		return position{}, &problem.Error{Code: problem.CursorMismatch,
			Detail: "This cursor was made with other filters. Repeat those of the first page; only limit may change."}
	}
	return decodePosition(body[9:])
}

func decodePosition(b []byte) (p position, err error) {
	var n, m int
	if p.epoch, n = binary.Varint(b); n <= 0 {
		return position{}, invalidCursor()
	}
	if p.seq, m = binary.Varint(b[n:]); m <= 0 {
		return position{}, invalidCursor()
	}
	p.id = string(b[n+m:])
	return p, nil
}

// bind gives what a cursor's keyed hash is over: the place and what stands in the clear.
func (at place) bind(body []byte) []byte {
	return append(fmt.Appendf(nil, "%c|%q|%q|", at.kind, at.owner, at.subject), body...)
}

func filterHash(filters string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(filters))
	return h.Sum64()
}

func invalidCursor() error {
	return &problem.Error{Code: problem.InvalidCursor,
		Detail: "Use next_cursor exactly as it was given, with the same path and connection, or start again without one."}
}

func expiredCursor(entity string) error {
	return &problem.Error{Code: problem.CursorExpired,
		Detail: fmt.Sprintf("%s were reset since this cursor was made. Start again without a cursor.", entity)}
}
