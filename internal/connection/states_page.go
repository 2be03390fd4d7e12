package connection

import (
	"errors"
	"fmt"
	"strings"
)

// StatesPage gives docs/states/connection.md: the diagram, from the comment of this package in connection.go (source), and the table.
func StatesPage(source []byte) (string, error) {
	picture := diagram(string(source))
	if picture == "" {
		return "", errors.New("the package comment in connection.go has no diagram of the states")
	}
	var b strings.Builder
	b.WriteString("# States of a connection\n\nWritten from `internal/connection/states.go`, which owns them.\n\n```\n" + picture + "```\n\n")
	b.WriteString("`resting` is no stored state. It stands for `syncing` while a first run is left, `degraded` while an entity fails for a reason of its own, else `active`. ")
	b.WriteString("`interrupted` stands for what a pause interrupted: `unreachable`, `needs_reauthorization`, or `resting`.\n\n")
	b.WriteString("| when | in | it becomes |\n|---|---|---|\n")
	for _, tr := range transitions() {
		from := make([]string, len(tr.from))
		for i, s := range tr.from {
			from[i] = "`" + string(s) + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | `%s` |\n", tr.on, strings.Join(from, ", "), tr.to)
	}
	b.WriteString("\nWhat is not in the table changes nothing. What a client with replaced credentials meets, changes nothing either.\n")
	return b.String(), nil
}

// diagram gives the preformatted part of the package comment.
func diagram(source string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		if text, ok := strings.CutPrefix(line, "//\t"); ok {
			b.WriteString(text)
		}
	}
	return b.String()
}
