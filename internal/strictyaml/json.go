package strictyaml

import (
	"bytes"
	"regexp"
	"strconv"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

var escapes = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\.`)

// fromJSON makes YAML of JSON, which is YAML but for two kinds of escapes. Other texts stay as they are.
func fromJSON(text []byte) []byte {
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) || !jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true)) {
		return text
	}
	return escapes.ReplaceAllFunc(text, func(escape []byte) []byte {
		switch {
		case string(escape) == `\/`:
			return []byte("/")
		case len(escape) == 2:
			return escape
		}
		high, _ := strconv.ParseUint(string(escape[2:6]), 16, 16)
		low, _ := strconv.ParseUint(string(escape[8:12]), 16, 16)
		return []byte(string(utf16.DecodeRune(rune(high), rune(low))))
	})
}
