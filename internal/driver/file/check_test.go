package file_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every wrong option is reported with its place and what to write instead.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, wrong, want string }{
		{`delimiter: "{delimiter}"`, `delimiter: "::"`, `connect.format.delimiter: unknown word ::; write one of , ; | tab, or {a field of the login}`},
		{`delimiter: "{delimiter}"`, `delimiter: "{separator}"`, `connect.format.delimiter: {separator} is not a field of the login; name one of auth's fields`},
		{`dates: "{dates}"`, `dates: DD.MM.YY`, `connect.format.dates: unknown word DD.MM.YY; write YYYY, MM and DD`},
		{`quiet: 1m`, `quiet: 0s`, `connect.complete.quiet: is not positive`},
		{`marker: .done`, `marker: .csv`, `connect.complete.marker: is not the ending of a marker`},
		{`connect:`, "connect:\n  folders: {in: ../in}", `connect.folders.in: is not the name of a folder`},
		{`connect:`, "connect:\n  folders: {in: archive}", `connect.folders.archive: the folder archive is named twice`},
		{`, vendor_only: true`, ``, "connect: path names a directory of Busbar's own machine, and a customer could fill it in; write vendor_only: true to the field path of none"},
		{`{name: path, label: Directory, type: text, vendor_only: true}`, `{name: url, label: Address, type: url}`, `connect: the login none leads nowhere`},
		{`{name: vendors, holds`, `{name: "ven*", holds`, `entities.vendors.read.name: is not the beginning of a file's name`},
		{`{name: vendors, holds`, `{name: items-1, holds`, `read.name: files of this name are those of `},
		{`holds: snapshot`, `holds: everything`, `entities.vendors.read.holds: unknown word "everything"`},
		{`holds: snapshot, required: [code]}`, `holds: changes}`, `entities.vendors.read.holds: files of changes are told apart by a cursor`},
		{`holds: changes, required: [code], numbers`, `holds: snapshot, numbers`, `entities.items.read.holds: a list is read as a whole each time`},
		{"cursor: {precision: 1us}\n    deletions: none", "cursor: {precision: 1us}", `read.holds: a file of changes does not show what is gone; write deletions: none`},
		{`updated_at: _at`, `updated_at: changed`, `the order of files decides which version is the newest; write updated_at: _at`},
		{`volatile: [_file, _line, _at]`, `volatile: [_file]`, `_line changes with each file; write volatile: [_file, _line, _at]`},
		{`columns: [line, item, quantity]}`, `columns: [number, line]}`, `read.group.columns: number tells which record a row belongs to`},
		{`columns: [line, item, quantity]}`, `columns: [line, line]}`, `read.group.columns: line stands for two things`},
		{`mark: reference}`, `mark: ref}`, `send.columns: the file has no column for the mark; name ref among the columns`},
		{`mark: reference}`, `mark: reference, as: jsonl}`, `send.columns: a JSON line has the members of the record; remove it`},
		{`send: {name: orders`, `send: {name: a/b`, `send.name: is not the beginning of a file's name`},
		{`reconcile: [{class: W1, window: 720h}]`, `reconcile: []`, `a file with the same mark is put out once, which is W1`},
		{`operations:`, "operations:\n      update: {send: {name: x, mark: y}}", `files make new records only; update is declared; remove operations.update`},
	} {
		text := strings.Replace(acme, c.old, c.wrong, 1)
		if strings.Contains(c.wrong, "update:") {
			text = strings.Replace(text, "create: documented}", "create: documented, update: documented}", 1)
		}
		if text == acme {
			t.Fatalf("nothing to replace: %s", c.old)
		}
		_, err := load(t, text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngives %v\nwant  %s", c.wrong, err, c.want)
		}
	}
}

// The example of the driver's page has no mistakes.
func TestThePageShowsAGoodManifest(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/connectors/file.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(page)
	if shown == nil {
		t.Fatal("no example")
	}
	if _, err := load(t, string(shown[1])); err != nil {
		t.Error(err)
	}
}
