// Package connectors embeds the connector folders. It holds data only.
package connectors

import "embed"

// FS holds a folder per system: its manifest.yaml and guide.md.
//
//go:embed */manifest.yaml */guide.md
var FS embed.FS
