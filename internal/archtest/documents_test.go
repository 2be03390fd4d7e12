package archtest

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	decisionName  = regexp.MustCompile(`^([0-9]{4})-[a-z0-9-]+\.md$`)
	decisionDate  = regexp.MustCompile(`(?m)^Date: [0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	changeHead    = regexp.MustCompile(`^(Added|Changed|Deprecated|Removed|Fixed|Security): \S.*$`)
	changeName    = regexp.MustCompile(`^[a-z0-9-]+\.md$`)
	relativeLinks = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]*)?\)`)
)

// inFolder lists the files directly in a folder, without its README.
func (t *tree) inFolder(dir string) []string {
	var list []string
	for _, p := range t.paths {
		if path.Dir(p) == dir && path.Base(p) != "README.md" {
			list = append(list, p)
		}
	}
	return list
}

func (t *tree) text(p string) string {
	b, err := os.ReadFile(filepath.Join(t.root, p))
	if err != nil {
		return ""
	}
	return string(b)
}

func decisionsAreWellFormed(t *tree) []string {
	var found []string
	numbers := map[string]string{}
	for _, p := range t.inFolder("docs/decisions") {
		m := decisionName.FindStringSubmatch(path.Base(p))
		if m == nil {
			found = append(found, fmt.Sprintf("%s: a decision is called 0001-what-it-is-about.md", p))
			continue
		}
		if other := numbers[m[1]]; other != "" {
			found = append(found, fmt.Sprintf("%s has the number of %s", p, other))
		}
		numbers[m[1]] = p
		found = append(found, decisionFaults(p, m[1], t.text(p))...)
	}
	return found
}

func decisionFaults(p, number, text string) []string {
	var found []string
	if !strings.HasPrefix(text, "# "+number+". ") {
		found = append(found, fmt.Sprintf("%s must begin with \"# %s. Title\"", p, number))
	}
	if !decisionDate.MatchString(text) {
		found = append(found, p+" has no line \"Date: YYYY-MM-DD\"")
	}
	for _, section := range []string{"Context", "Decision", "Consequences"} {
		if !strings.Contains(text, "\n## "+section+"\n") {
			found = append(found, fmt.Sprintf("%s has no section %s", p, section))
		}
	}
	return found
}

func changesAreWellFormed(t *tree) []string {
	var found []string
	for _, p := range t.inFolder("changes") {
		lines := strings.Split(strings.TrimRight(t.text(p), "\n"), "\n")
		switch {
		case !changeName.MatchString(path.Base(p)):
			found = append(found, p+": a change is called what-it-is.md")
		case !changeHead.MatchString(lines[0]):
			found = append(found, p+" must begin with \"Added: \", \"Changed: \", \"Deprecated: \", \"Removed: \", \"Fixed: \" or \"Security: \" and one line for users")
		case len(lines) < 3 || lines[1] != "":
			found = append(found, p+" needs an empty line and then a sentence or two: what it means for whoever uses Busbar")
		}
	}
	return found
}

func linksLeadSomewhere(t *tree) []string {
	var found []string
	for _, p := range t.paths {
		if path.Ext(p) != ".md" {
			continue
		}
		for _, m := range relativeLinks.FindAllStringSubmatch(t.text(p), -1) {
			if strings.Contains(m[1], ":") {
				continue
			}
			target := path.Join(path.Dir(p), m[1])
			if !slices.ContainsFunc(t.paths, func(f string) bool { return f == target || strings.HasPrefix(f, target+"/") }) {
				found = append(found, fmt.Sprintf("%s links to %s, which is not there", p, m[1]))
			}
		}
	}
	return found
}
