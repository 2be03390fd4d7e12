package rest

import "github.com/busbar-dev/busbar/internal/manifest"

// remoteID gives the key of a record as text, as package mapping writes it; it is empty when a part is.
func remoteID(record []byte, paths []manifest.Path) string {
	parts := make([]string, len(paths))
	for i, path := range paths {
		raw := find(record, path)
		if parts[i] = text(raw); parts[i] == "" || raw[0] == '{' || raw[0] == '[' || parts[i] == "true" || parts[i] == "false" {
			return ""
		}
	}
	return manifest.JoinID(parts...)
}
