// Package archtest owns the rules of the house and finds what breaks them: who may import whom (the table in ARCHITECTURE.md), who may hold
// SQL, keys, connections or the clock, and how files and records must look. It reads source text only; it imports nothing of Busbar.
package archtest

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/findings.txt anew")

// rule finds what breaks one rule; each finding is a sentence that begins with the place.
type rule struct {
	name  string
	check func(*tree) []string
}

// rules is every rule of the house.
func rules() []rule {
	return []rule{
		{"imports point one way", importsPointOneWay},
		{"every package says what it owns", packagesSayWhatTheyOwn},
		{"only store holds SQL", onlyStoreHoldsSQL},
		{"libraries have one owner", librariesHaveOneOwner},
		{"only egress goes out", onlyEgressGoesOut},
		{"who answers is always checked", tlsIsChecked},
		{"only config reads the environment", onlyConfigReadsTheEnvironment},
		{"only cmd exits", onlyCommandsExit},
		{"drivers know no systems", driversKnowNoSystems},
		{"connectors hold no Go", connectorsHoldNoGo},
		{"time is an argument", timeIsAnArgument},
		{"nothing sleeps", nothingSleeps},
		{"no init, no package state", noPackageState},
		{"every skip says why", everySkipSaysWhy},
		{"names say something", namesSaySomething},
		{"files hold one idea", filesHoldOneIdea},
		{"nothing is left unbuilt", nothingIsLeftUnbuilt},
		{"decisions are well-formed", decisionsAreWellFormed},
		{"changes are well-formed", changesAreWellFormed},
		{"links in documents lead somewhere", linksLeadSomewhere},
	}
}

// TestHouse holds every rule against the repository.
func TestHouse(t *testing.T) {
	t.Parallel()
	house, err := load(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules() {
		t.Run(strings.ReplaceAll(r.name, " ", "_"), func(t *testing.T) {
			for _, finding := range r.check(house) {
				t.Error(finding)
			}
		})
	}
}

// TestRulesBite holds every rule against a small house that breaks each of them in every way it knows, and compares with what should be found.
func TestRulesBite(t *testing.T) {
	t.Parallel()
	broken, err := load(filepath.Join("testdata", "broken"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, r := range rules() {
		findings := r.check(broken)
		if len(findings) == 0 {
			t.Errorf("the rule %q finds nothing in testdata/broken", r.name)
		}
		found = append(found, "# "+r.name)
		found = append(found, findings...)
	}
	golden := filepath.Join("testdata", "findings.txt")
	got := strings.Join(found, "\n") + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	compareLines(t, got, string(want))
}

func compareLines(t *testing.T, got, want string) {
	t.Helper()
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, line := range wantLines {
		if !slices.Contains(gotLines, line) {
			t.Errorf("not found: %s", line)
		}
	}
	for _, line := range gotLines {
		if !slices.Contains(wantLines, line) {
			t.Errorf("found, but not in findings.txt (run with -update when it should be): %s", line)
		}
	}
}
