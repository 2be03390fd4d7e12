package rest

import (
	"encoding/json"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// find gives the value at a path, nil when there is none.
func find(doc []byte, path manifest.Path) []byte {
	if len(path) == 0 {
		return nil
	}
	value, _, _ := rawjson.Find(doc, path...)
	return value
}

// text gives a scalar as text: a string without its quotes, null as nothing.
func text(raw []byte) string {
	var s string
	switch {
	case string(raw) == "null":
		return ""
	case len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil:
		return s
	}
	return string(raw)
}
