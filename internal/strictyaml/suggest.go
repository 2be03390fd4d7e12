package strictyaml

import (
	"strings"

	"github.com/busbar-dev/busbar/internal/spelling"
)

// Suggest says what a misspelt word may have meant: the nearest of the known ones, or all of them when none is near.
func Suggest(word string, known []string) string {
	near := spelling.Near(word, known)
	switch {
	case len(near) > 0:
		return "did you mean " + near[0] + "?"
	case len(known) == 0:
		return "remove it"
	}
	return "known: " + strings.Join(known, ", ")
}
