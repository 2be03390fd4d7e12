package main

import (
	"io/fs"
	"regexp"
	"strings"
	"testing/fstest"

	"github.com/busbar-dev/busbar/connectors"
)

// pacedSystem is the simulated ERP again, which allows few calls and has no call for many.
const (
	pacedSystem = "sim-erp-paced"
	pacedRate   = 100 // calls a second
)

var (
	limits    = regexp.MustCompile(`(?m)^limits: .*$`)
	bulkCalls = regexp.MustCompile(`(?m)^ +bulk: \{[^\n]*\n(?: {10}[^\n]*\n)*`)
)

// pacedConnector makes its connector from the built-in one.
func pacedConnector() ([]fs.FS, error) {
	text, err := fs.ReadFile(connectors.FS, "sim-erp/manifest.yaml")
	if err != nil {
		return nil, err
	}
	guide, err := fs.ReadFile(connectors.FS, "sim-erp/guide.md")
	if err != nil {
		return nil, err
	}
	paced := strings.Replace(string(text), "system: sim-erp\n", "system: "+pacedSystem+"\n", 1)
	paced = bulkCalls.ReplaceAllString(limits.ReplaceAllString(paced, "limits: {concurrency: 8, per_second: 100}"), "")
	return []fs.FS{fstest.MapFS{
		pacedSystem + "/manifest.yaml": {Data: []byte(paced)},
		pacedSystem + "/guide.md":      {Data: guide},
	}}, nil
}
