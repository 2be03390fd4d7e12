package modeldoc

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/busbar-dev/busbar/model/unit"
)

// Units gives the page of the units of measure and the texts by which they are recognised.
func Units() []byte {
	var b bytes.Buffer
	b.WriteString("<!-- Generated from model/unit by `go run ./model/modeldoc/gen`. Edit that package, not this file. -->\n")
	b.WriteString("# Units of measure\n\nA quantity keeps the source's own word in `unit`. Where that word is one of these, `unit_code` has the code of UN/ECE Recommendation 20. ")
	b.WriteString("Words that mean different units in different places (`gal`, `ton`, `ST`, `M`) give no code: a missing code is better than a wrong one.\n\n")
	b.WriteString("| code | unit | as written | in any case |\n|---|---|---|---|\n")
	for _, u := range unit.All() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", u.Code, u.Name, texts(u.Symbols), texts(u.Words))
	}
	return b.Bytes()
}

func texts(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "`" + w + "`"
	}
	return strings.Join(quoted, ", ")
}
