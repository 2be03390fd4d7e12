package driver

// Quote makes words of the system fit for an Error or a Probe: without the secrets of the login and those in also (a session's key),
// without control characters, then cut after limit characters. It is empty when the words cannot be told from a secret.
func (c Config) Quote(text string, limit int, also ...string) string {
	text = c.Credentials.Redact(text, also...)
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return text
}
