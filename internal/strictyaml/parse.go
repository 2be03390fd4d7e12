package strictyaml

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var yamlLine = regexp.MustCompile(`line (\d+): `)

// Parse reads a document of keys and values, in YAML or JSON; what is one in words ("a manifest") and where to read about it are told when it is none.
func Parse(file string, text []byte, what, see string) (*yaml.Node, Problems) {
	d := Decoder{File: file}
	var doc yaml.Node
	if err := yaml.Unmarshal(fromJSON(text), &doc); err != nil {
		message, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
		if at := yamlLine.FindStringSubmatch(message); at != nil {
			line, _ = strconv.Atoi(at[1])
			message = strings.Replace(message, at[0], "", 1)
		}
		d.Report(&yaml.Node{Line: line, Column: 1}, "", "not YAML: "+message, "")
		return nil, d.Problems
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		d.Report(&yaml.Node{Line: 1, Column: 1}, "", what+" is keys and values", see)
		return nil, d.Problems
	}
	return doc.Content[0], nil
}

// Position finds the place of a value below node, or of the nearest place around it that the document does have.
func Position(file string, node *yaml.Node, at []string) Pos {
	if node == nil {
		return Pos{File: file, Line: 1, Column: 1}
	}
	for _, key := range at {
		next := Child(node, key)
		if next == nil {
			break
		}
		node = next
	}
	return Pos{File: file, Line: node.Line, Column: node.Column}
}

// Join puts a key behind a path.
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
