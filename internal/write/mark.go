package write

import (
	"encoding/base32"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Mark is what tells the effect of an item from any other in the system: up to 36 letters, digits and a dash, the same for every attempt.
func Mark(operation uuid.UUID, n int64) string {
	text := base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(operation[:])
	return "bb" + strings.ToLower(text) + "-" + strconv.FormatInt(n, 10)
}
