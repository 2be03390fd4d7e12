package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// tutorial is a page whose shell blocks run as they stand, one after the other in one shell, beside a demo.
type tutorial struct {
	*busbar
	dir    string
	token  string
	failed []string // commands that ended with another code than 0
	out    string
}

// follow runs the shell blocks of a page from a heading on, up to the next of that depth; no heading: all of them. Only `go run ./cmd/busbar` is replaced, by the program that it would build.
func follow(t *testing.T, page, heading string) *tutorial {
	t.Helper()
	dir := t.TempDir()
	b, env := startDemo(t, filepath.Join(dir, "busbar-demo"))
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	script := "shopt -s expand_aliases\n. ./busbar-demo/demo.env\ntrap 'echo \"$BASH_COMMAND\" >> failed.log' ERR\n"
	for _, block := range shellBlock.FindAllStringSubmatch(section(t, page, heading), -1) {
		script += strings.ReplaceAll(block[1], "go run ./cmd/busbar", program) + "\n"
	}
	run := exec.CommandContext(t.Context(), "bash", "-c", script)
	var out bytes.Buffer
	run.Dir, run.Stdout, run.Stderr = dir, &out, &out
	if err := run.Run(); err != nil {
		t.Errorf("%s: the last command: %v", page, err)
	}
	f := &tutorial{busbar: b, dir: dir, token: env["BUSBAR_TOKEN"], out: out.String()}
	f.failed = f.lines("failed.log")
	return f
}

// section gives a page, or what stands under one of its headings.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + page)
	if err != nil {
		t.Fatal(err)
	}
	if heading == "" {
		return string(text)
	}
	_, rest, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", page, heading)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

// lines gives the lines of a file that the page has written; none when there is no such file.
func (f *tutorial) lines(name string) (lines []string) {
	text, _ := os.ReadFile(filepath.Join(f.dir, name))
	for l := range strings.Lines(string(text)) {
		lines = append(lines, strings.TrimSpace(l))
	}
	return lines
}

// failing wants exactly these commands, told by how they begin, to have ended with another code than 0.
func (f *tutorial) failing(want ...string) {
	f.t.Helper()
	for i, command := range f.failed {
		if i >= len(want) || !strings.Contains(command, want[i]) {
			f.t.Fatalf("these failed:\n%s\nwant %q; the page says:\n%s", strings.Join(f.failed, "\n"), want, f.out)
		}
	}
	if len(f.failed) != len(want) {
		f.t.Fatalf("%d commands failed, want %q; the page says:\n%s", len(f.failed), want, f.out)
	}
}

// The guide's commands do what it says of them: each record is there once, what failed is logged, mended and sent again, and what is read is all that there is.
func TestGuideToManyRecords(t *testing.T) {
	t.Parallel()
	f := follow(t, "docs/guides/bulk.md", "")
	f.failing("batch vendors vendors.ndjson", "CURSOR=$(cat cursor.txt") // one item is wrong; there is no cursor yet
	if !strings.Contains(strings.Join(f.lines("headers.txt"), "\n"), "Idempotency-Replayed: true") {
		t.Errorf("the same batch is taken twice: %v", f.lines("headers.txt"))
	}
	if failed := f.lines("failed.csv"); len(failed) != 2 || !strings.Contains(failed[1], "row-121") {
		t.Errorf("failed.csv is %q", failed)
	}
	if log := f.lines("import.log"); len(log) == 0 || !strings.Contains(strings.Join(log, ""), `completed`) {
		t.Errorf("import.log is %q", log)
	}
	f.batchesEnd(map[string]string{"120 applied, 1 rejected": "the first, and the one in the background after its retry", "1 applied, 0 rejected": "the mended item"})
	names := map[string]int{}
	for _, v := range f.list("/v1/vendors", f.token) {
		names[v["name"].(string)]++
	}
	for n := 1; n <= 121; n++ {
		if s, d := names[fmt.Sprintf("Supplier %d", n)], names[fmt.Sprintf("Dealer %d", n)]; s != 1 && n != 121 || d != 1 {
			t.Errorf("vendor %d is there %d times and %d times", n, s, d)
		}
	}
	orders := len(f.list("/v1/purchase-orders", f.token))
	for _, file := range []string{"pages.ndjson", "changes.ndjson"} {
		if n := len(f.ids(file)); n != orders || n == 0 {
			t.Errorf("%s has %d of %d orders", file, n, orders)
		}
	}
}

// What the README says about writing works as it stands, and prints what stands below it.
func TestReadmeOnWriting(t *testing.T) {
	t.Parallel()
	f := follow(t, "README.md", "Write")
	f.failing()
	shown := regexp.MustCompile("(?s)```text\n(.*?)```").FindAllStringSubmatch(section(t, "README.md", "Write"), -1)
	if len(shown) != 3 {
		t.Fatalf("%d answers are shown", len(shown))
	}
	said := strings.ReplaceAll(f.out, "\r", "")
	id := regexp.MustCompile(`[0-9a-f]{8}-…`)
	for _, block := range shown {
		for line := range strings.Lines(block[1]) {
			line = id.ReplaceAllString(strings.TrimSpace(line), "…")
			pattern := strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*")
			if !regexp.MustCompile("(?m)^" + pattern + "$").MatchString(said) {
				t.Errorf("the README shows\n%s\nthe program says\n%s", line, said)
			}
		}
	}
}

// batchesEnd waits for the end of all batches, of which each but the cancelled one counts its items in one of these ways.
func (f *tutorial) batchesEnd(want map[string]string) {
	f.t.Helper()
	f.await("end of the batches", func() bool {
		for _, o := range f.list("/v1/operations", f.token) {
			if o["state"] != "completed" && o["state"] != "cancelled" {
				return false
			}
		}
		return true
	})
	all, cancelled := f.list("/v1/operations", f.token), 0
	for _, o := range all {
		n := o["counts"].(map[string]any)
		if n["cancelled"] != 0.0 {
			cancelled++
		} else if got := fmt.Sprintf("%v applied, %v rejected", n["applied"], n["rejected"]); want[got] == "" {
			f.t.Errorf("a batch with %s: %v", got, o)
		}
	}
	if len(all) != 4 || cancelled != 1 {
		f.t.Errorf("%d batches, %d of them cancelled", len(all), cancelled)
	}
}

// ids gives the ids in a file of answers, one on each line.
func (f *tutorial) ids(file string) map[string]bool {
	f.t.Helper()
	ids := map[string]bool{}
	for _, line := range f.lines(file) {
		var page struct{ Data []struct{ ID string } }
		if err := json.Unmarshal([]byte(line), &page); err != nil {
			f.t.Fatalf("%s: %v", file, err)
		}
		for _, r := range page.Data {
			ids[r.ID] = true
		}
	}
	return ids
}
