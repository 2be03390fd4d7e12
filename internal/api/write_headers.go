package api

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const (
	keyHeader       = "Idempotency-Key"
	replayedHeader  = "Idempotency-Replayed"
	operationHeader = "Busbar-Operation"
	warningsHeader  = "Busbar-Warnings"
	longestKey      = 255

	defaultWait = 30 * time.Second
	maxWait     = time.Minute
)

// RequestInput gives a handler the request itself, for headers that the router does not read as they are meant.
type RequestInput struct{ request *http.Request }

// Resolve keeps it.
func (in *RequestInput) Resolve(hc huma.Context) []error {
	in.request, _ = humago.Unwrap(hc)
	return nil
}

// prefer is what a caller prefers about the wait for a write.
type prefer struct {
	wait    time.Duration
	async   bool
	applied string // of the wait, for Preference-Applied
}

// preferences reads Prefer (RFC 7240): the first of each name counts, and names that we do not know are not ours to judge.
func preferences(h http.Header) (prefer, error) {
	p := prefer{wait: defaultWait}
	seen := map[string]bool{}
	for _, one := range splitOutsideQuotes(strings.Join(h.Values("Prefer"), ","), ',') {
		name, value, _ := strings.Cut(splitOutsideQuotes(one, ';')[0], "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if seen[name] {
			continue
		}
		seen[name] = true
		switch name {
		case "respond-async":
			p.async = true
		case "wait":
			seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
			if err != nil {
				return p, invalidParameter("Prefer", fmt.Sprintf("wait is a number of whole seconds, up to %d: Prefer: wait=10.", int(maxWait.Seconds())))
			}
			p.wait = min(time.Duration(seconds)*time.Second, maxWait)
			p.applied = fmt.Sprintf("wait=%d", int(p.wait.Seconds()))
		}
	}
	if p.async && p.applied == "" {
		p.wait = 0
	}
	return p, nil
}

// told gives what Preference-Applied says of an answer; finished or not.
func (p prefer) told(finished bool) string {
	parts := make([]string, 0, 2)
	if p.async && !finished {
		parts = append(parts, "respond-async")
	}
	if p.applied != "" {
		parts = append(parts, p.applied)
	}
	return strings.Join(parts, ", ")
}

// splitOutsideQuotes splits a header at a character that is not within a quoted string.
func splitOutsideQuotes(text string, at byte) []string {
	var parts []string
	quoted, from := false, 0
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case quoted && text[i] == '\\':
			i++
		case !quoted && text[i] == at:
			parts, from = append(parts, text[from:i]), i+1
		}
	}
	return append(parts, text[from:])
}

// idempotencyKey reads the key; "" for none.
func idempotencyKey(h http.Header) (string, error) {
	values := h.Values(keyHeader)
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	visible := strings.IndexFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
	if len(values) > 1 || key == "" || len(key) > longestKey || !visible {
		return "", invalidParameter(keyHeader, fmt.Sprintf("Send one key of 1 to %d visible ASCII characters without spaces, such as a UUID.", longestKey))
	}
	if ownSecret.MatchString(key) { // keys are kept as they are
		return "", invalidParameter(keyHeader, "A token of Busbar's does not belong here: send a key that you make for this request, such as a UUID.")
	}
	return key, nil
}

// ifMatch reads If-Match: "" for none, "*", or the list of entity tags as it was sent.
func ifMatch(h http.Header) (string, error) {
	values := h.Values("If-Match")
	if len(values) == 0 {
		return "", nil
	}
	return parseIfMatch("If-Match", strings.Join(values, ","))
}

// parseIfMatch checks entity tags and writes them in one way: separated by a comma and a space.
func parseIfMatch(where, text string) (string, error) {
	if strings.TrimSpace(text) == "*" {
		return "*", nil
	}
	var tags []string
	for _, tag := range splitOutsideQuotes(text, ',') {
		tag = strings.TrimSpace(tag)
		switch {
		case tag == "":
			continue
		case strings.HasPrefix(tag, "W/"):
			return "", invalidParameter(where, "A weak entity tag (W/…) cannot guard a change: send the ETag exactly as Busbar gave it.")
		case !entityTag(tag):
			return "", invalidParameter(where, `Send the ETag as Busbar gave it, with its quotes: "7f3a…"; several separated by commas; or * for any version.`)
		}
		tags = append(tags, tag)
	}
	if len(tags) == 0 {
		return "", invalidParameter(where, "It is empty. Send the ETag of the version that you have, or leave it out.")
	}
	return strings.Join(tags, ", "), nil
}

// entityTag tells whether a text is a strong entity tag (RFC 9110).
func entityTag(tag string) bool {
	if len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		return false
	}
	return strings.IndexFunc(tag[1:len(tag)-1], func(r rune) bool { return r == '"' || r <= ' ' || r == 0x7f }) < 0
}

// requestHash is of what an idempotency key stands for: method, path, query and body.
func requestHash(r *http.Request, body []byte) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n", r.Method, r.URL.EscapedPath(), r.URL.RawQuery)
	_, _ = h.Write(body)
	return h.Sum(nil)
}
