package manifest

import "strings"

// link checks the placeholders of the url template.
func (b *entityBuilder) link() {
	for _, name := range Placeholders(b.entity.URL) {
		for _, m := range b.system.Auth {
			for _, f := range m.Fields {
				if f.Name == name && f.Secret {
					b.wrong("{"+name+"} is secret", "build the link from what everybody may see", "url")
				}
			}
		}
	}
	if u := b.entity.URL; u != "" && !strings.HasPrefix(u, "{") && !strings.HasPrefix(u, "https://") && !strings.HasPrefix(u, "http://") {
		b.wrong("is not the address of a page", "begin it with {url} or https://", "url")
	}
	if strings.Count(b.entity.URL, "{") != len(Placeholders(b.entity.URL)) {
		b.wrong("has an open {", "write {name of a credential field or path}", "url")
	}
}

// Placeholders lists the names in braces of a url template.
func Placeholders(template string) []string {
	var names []string
	for {
		_, rest, ok := strings.Cut(template, "{")
		name, rest, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return names
		}
		names, template = append(names, name), rest
	}
}
