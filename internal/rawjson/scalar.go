package rawjson

import "encoding/json"

// At gives the value at a path, nil when there is none; no path leads nowhere.
func At(doc []byte, path ...string) []byte {
	if len(path) == 0 {
		return nil
	}
	value, _, _ := Find(doc, path...)
	return value
}

// Text gives a scalar as text: a string without its quotes, null as nothing.
func Text(raw []byte) string {
	var s string
	switch {
	case string(raw) == "null":
		return ""
	case len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil:
		return s
	}
	return string(raw)
}
