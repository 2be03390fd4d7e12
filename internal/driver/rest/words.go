package rest

import (
	"slices"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

func find(doc []byte, path manifest.Path) []byte { return rawjson.At(doc, path...) }

func text(raw []byte) string { return rawjson.Text(raw) }

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
