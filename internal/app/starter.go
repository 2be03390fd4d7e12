package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
)

const starterGuide = `# Connecting %s

1. Sign in to %s as an administrator.
2. Make a user of its own for Busbar, with the right to read what is to be synced.
3. Make the key for that user, and note it: it is shown once.
`

// Starter gives the files of a new connector for a system, by name, to be filled in: they have no mistakes.
func Starter(system, driverName string) (map[string][]byte, error) {
	var names []string
	for _, d := range drivers() {
		names = append(names, d.Name())
		if d.Name() != driverName {
			continue
		}
		title := strings.ToUpper(system[:1]) + strings.ReplaceAll(system[1:], "-", " ")
		text := "# yaml-language-server: $schema=../" + manifest.SchemaFile + "\n" + d.Forms().Starter
		text = strings.NewReplacer("system: acme\n", "system: "+system+"\n", "Acme", title, "acme", system).Replace(text)
		return map[string][]byte{"manifest.yaml": []byte(text), "guide.md": fmt.Appendf(nil, starterGuide, title, title)}, nil
	}
	slices.Sort(names)
	return nil, fmt.Errorf("there is no driver %q; write one of %s", driverName, strings.Join(names, ", "))
}
