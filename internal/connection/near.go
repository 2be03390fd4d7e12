package connection

import (
	"fmt"
	"strings"

	"github.com/busbar-dev/busbar/internal/spelling"
)

// unknown says that there is no such name, and which one may have been meant.
func unknown(what, name string, known []string) string {
	near := spelling.Near(name, known)
	switch {
	case len(near) > 0:
		return fmt.Sprintf("There is no %s of this name; did you mean %s?", what, strings.Join(near, " or "))
	case len(known) == 0:
		return fmt.Sprintf("There is no %s of this name.", what)
	case len(known) <= 40:
		return fmt.Sprintf("There is no %s of this name; known: %s.", what, strings.Join(known, ", "))
	default:
		return fmt.Sprintf("There is no %s of this name.", what)
	}
}
