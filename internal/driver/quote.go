package driver

import "bytes"

// Quote makes words of the system fit for an Error or a Probe: without the secrets of the login and those in also (a session's key),
// without control characters, then cut after limit characters. It is empty when the words cannot be told from a secret.
func (c Config) Quote(text string, limit int, also ...string) string {
	text = c.Credentials.Redact(text, also...)
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return text
}

// maxAnswer is how much of an answer is kept with a write, and maxSecret how far behind that a secret may end that begins in it.
const (
	maxAnswer = 4 << 10
	maxSecret = 32 << 10
)

// Kept makes what came back from a write fit for its ledger: cut, and without the secrets of the login and those in also. A good answer, which is the system's record, stays as it is unless it shows a secret.
func (c Config) Kept(answer []byte, good bool, also ...string) []byte {
	seen := answer[:min(len(answer), maxAnswer+maxSecret)]
	if good && !c.Credentials.Shows(string(seen), also...) {
		return bytes.Clone(answer[:min(len(answer), maxAnswer)])
	}
	return []byte(c.Credentials.Redact(string(seen), also...))
}
