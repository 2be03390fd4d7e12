// Package flows embeds the flows to begin with. It holds data only.
package flows

import "embed"

// FS holds a document for each.
//
//go:embed *.yaml
var FS embed.FS
