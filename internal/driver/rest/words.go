package rest

import (
	"encoding/json"
	"slices"

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

// findAll gives the values at a path in which * stands for every element of a list.
func findAll(doc []byte, path manifest.Path) [][]byte {
	at := slices.Index(path, manifest.Each)
	if at < 0 {
		if value := find(doc, path); value != nil {
			return [][]byte{value}
		}
		return nil
	}
	list := doc
	if at > 0 {
		list = find(doc, path[:at])
	}
	elements, err := rawjson.Split(list)
	if err != nil {
		return nil
	}
	if at == len(path)-1 {
		return elements
	}
	var all [][]byte
	for _, e := range elements {
		all = append(all, findAll(e, path[at+1:])...)
	}
	return all
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
