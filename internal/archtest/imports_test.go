package archtest

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// importsPointOneWay holds the imports between our own packages against the table in ARCHITECTURE.md: a block fenced with ```imports whose lines
// are a package (or pattern) and what it may import; * is everything. Names leave out internal/.
func importsPointOneWay(t *tree) []string {
	table, err := readImportTable(filepath.Join(t.root, "ARCHITECTURE.md"))
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	known := map[string]bool{}
	for _, f := range t.production() {
		row, ok := table.row(short(f.dir))
		if !ok {
			if !known[f.dir] {
				found = append(found, fmt.Sprintf("%s is not in the table of imports in ARCHITECTURE.md", f.dir))
			}
			known[f.dir] = true
			continue
		}
		found = append(found, forbidden(f, row)...)
	}
	return slices.Concat(unique(found), table.unknown(t), table.unused(t))
}

// forbidden lists what a file imports beyond its row.
func forbidden(f *file, row importRow) []string {
	var found []string
	for _, p := range f.imports {
		own, ok := strings.CutPrefix(p, module)
		if ok && !row.allows(short(own)) {
			found = append(found, fmt.Sprintf("%s imports %s, which ARCHITECTURE.md forbids", f.dir, own))
		}
	}
	sort.Strings(found)
	return found
}

func short(dir string) string { return strings.TrimPrefix(dir, "internal/") }

type importRow struct {
	pattern string
	allowed []string
}

func (r importRow) allows(pkg string) bool {
	return slices.ContainsFunc(r.allowed, func(a string) bool { return a == "*" || matches(a, pkg) })
}

type importTable []importRow

func (t importTable) row(pkg string) (importRow, bool) {
	for _, r := range t {
		if matches(r.pattern, pkg) {
			return r, true
		}
	}
	return importRow{}, false
}

// unknown lists rows that fit no package: the table must not outlive what it is about.
func (t importTable) unknown(house *tree) []string {
	var found []string
	for _, r := range t {
		if !slices.ContainsFunc(house.files, func(f *file) bool { return matches(r.pattern, short(f.dir)) }) {
			found = append(found, fmt.Sprintf("ARCHITECTURE.md lists %s in its table of imports, but there is no such package", r.pattern))
		}
	}
	return found
}

// unused lists permissions that no package takes: the table must not allow more than there is.
func (t importTable) unused(house *tree) []string {
	var found []string
	for _, r := range t {
		for _, a := range r.allowed {
			if a != "*" && !r.takes(house, a) {
				found = append(found, fmt.Sprintf("ARCHITECTURE.md lets %s import %s, but it does not; take it out", r.pattern, a))
			}
		}
	}
	return found
}

// takes tells whether a package of the row imports one that fits the pattern.
func (r importRow) takes(house *tree, pattern string) bool {
	return slices.ContainsFunc(house.production(), func(f *file) bool {
		if !matches(r.pattern, short(f.dir)) {
			return false
		}
		for _, p := range f.imports {
			if own, ok := strings.CutPrefix(p, module); ok && matches(pattern, short(own)) {
				return true
			}
		}
		return false
	})
}

func matches(pattern, pkg string) bool {
	ok, _ := path.Match(pattern, pkg)
	return ok
}

func readImportTable(name string) (importTable, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	_, rest, ok := strings.Cut(string(text), "```imports\n")
	block, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		return nil, fmt.Errorf("%s has no block fenced with ```imports", filepath.Base(name))
	}
	var table importTable
	for _, line := range strings.Split(strings.TrimSpace(block), "\n") {
		words := strings.Fields(line)
		if len(words) > 0 {
			table = append(table, importRow{words[0], words[1:]})
		}
	}
	return table, nil
}

// unique keeps the first of equal lines, in order.
func unique(lines []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(lines, func(l string) bool {
		if seen[l] {
			return true
		}
		seen[l] = true
		return false
	})
}
