package file_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/realsys/sshd"
)

// Who logs in wrongly is told which field to look at; no server with another key gets a proof.
func TestLogins(t *testing.T) {
	t.Parallel()
	s := sshd.Start(t)
	w := there(t, s)
	p, err := w.client.Probe(t.Context())
	if err != nil || !strings.Contains(p.Account, strconv.Itoa(s.Port)) {
		t.Errorf("%+v %v", p, err)
	}
	good := w.login
	probe := func(name, value string) error {
		w.login = map[string]string{}
		for k, v := range good {
			w.login[k] = v
		}
		w.login[name] = value
		if name == "password" {
			delete(w.login, "private_key")
		}
		w.open()
		_, err := w.client.Probe(t.Context())
		return err
	}
	refusal(t, "another user", probe("username", "nobody-here"), driver.Credentials, "refuses the login")
	refusal(t, "a password", probe("password", "not-the-password"), driver.Credentials, "refuses the login")
	refusal(t, "no such directory", probe("directory", s.Dir+"/none"), driver.Invalid, "lacks a folder")
	other := sshd.Start(t)
	refusal(t, "another's host key", probe("host_key", other.HostKey), driver.Credentials, "shows the host key "+s.HostKey)
	if err := probe("private_key", strings.ReplaceAll(s.Key, "\n", " ")); err != nil {
		t.Errorf("a key in one line: %v", err)
	}
	w.login = good
	s.Stop()
	refusal(t, "a server that is away", probe("port", strconv.Itoa(s.Port)), driver.Unreachable, "127.0.0.1")
	s.NewHostKey()
	s.Run()
	refusal(t, "the host key changed", probe("port", strconv.Itoa(s.Port)), driver.Credentials, "Ask whoever runs the server")
}

// cutter lets so many bytes through from the server, then cuts.
func cutter(t *testing.T, port int, left *atomic.Int64) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
			go func() {
				defer in.Close()
				buffer := make([]byte, 4096)
				for {
					n, err := out.Read(buffer)
					if err != nil || left.Add(-int64(n)) < 0 {
						_ = out.Close()
						return
					}
					_, _ = in.Write(buffer[:n])
				}
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// A connection that is cut in the middle of a file loses nothing: the page is asked for again.
func TestConnectionIsCut(t *testing.T) {
	t.Parallel()
	s := sshd.Start(t)
	var left atomic.Int64
	left.Store(1 << 40)
	w := there(t, s)
	port := cutter(t, s.Port, &left)
	w.login["port"] = strconv.Itoa(port)
	w.rules = append(w.rules, allow.One(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port))))
	w.open()
	var text strings.Builder
	text.WriteString("code,name\n")
	for i := range 20_000 {
		fmt.Fprintf(&text, "C%05d,%s\n", i, strings.Repeat("x", 80))
	}
	w.drop("items-1.csv", text.String())
	var token json.RawMessage
	read, cuts := 0, 0
	for n := 0; ; n++ {
		if n%7 == 3 {
			left.Store(100_000)
			cuts++
		}
		page, err := w.fetch("items", time.Time{}, token, 500)
		if err != nil {
			refusal(t, "cut", err, driver.Unreachable, "127.0.0.1")
			left.Store(1 << 40)
			continue
		}
		for _, r := range page.Records {
			if got := show(t, r, "code"); got != fmt.Sprintf("C%05d", read) {
				t.Fatalf("record %d is %s", read, got)
			}
			read++
		}
		if token = page.Next; token == nil {
			break
		}
	}
	if read != 20_000 || cuts < 3 {
		t.Errorf("%d records, %d cuts", read, cuts)
	}
}

// Nothing leads out of the directory that the operator allows: no path, no link, no name.
func TestNothingLeadsOut(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		outside := filepath.Join(t.TempDir(), "vendors_9.csv")
		if err := os.WriteFile(outside, []byte("code\nsecret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, w.at("in/vendors_9.csv")); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(w.at("in/vendors_8.csv"), 0o755); err != nil {
			t.Fatal(err)
		}
		w.drop("vendors_1.csv", "code\nA\n")
		got, _ := w.read("vendors", time.Time{}, "code")
		same(t, "records", got, "A")
		_, err := w.fetch("vendors", time.Time{}, json.RawMessage(`{"file":{"name":"../../vendors.csv","size":1,"time":"2026-11-29T00:00:00Z"}}`), 10)
		refusal(t, "a token with a path", err, driver.TokenGone, "")
	})
	w := here(t)
	if err := os.Symlink("/etc", w.at("../out-of-here")); err != nil {
		t.Fatal(err)
	}
	w.login["path"] = "out-of-here"
	w.open()
	if _, err := w.client.Probe(t.Context()); driver.KindOf(err) != driver.Permission {
		t.Errorf("a link as directory: %v", err)
	}
	w.root = nil
	w.open()
	_, err := w.client.Probe(t.Context())
	refusal(t, "without --files", err, driver.Permission, "--files")
}

// A pipe under one of our names is no file, and nobody waits for its other end.
func TestPipesHoldNobodyUp(t *testing.T) {
	t.Parallel()
	w := here(t, "complete", "quiet")
	if err := syscall.Mkfifo(w.at("archive/.busbar-clock"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.drop("vendors_1.csv", "code\nA\n")
	w.now = time.Now().Add(time.Hour)
	got, _ := w.read("vendors", time.Time{}, "code")
	same(t, "records", got, "A")
}

// A workbook is read as people see it, whoever wrote it.
func TestWorkbook(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		text, err := os.ReadFile("testdata/items.xlsx")
		if err != nil {
			t.Fatal(err)
		}
		w.drop("items-1.xlsx", string(text))
		page, err := w.fetch("items", time.Time{}, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{show(t, page.Records[0], "code", "name", "cost", "since", "at", "active", "_line")}
		w.open()
		if page, err = w.fetch("items", time.Time{}, page.Next, 1); err != nil {
			t.Fatal(err)
		}
		got = append(got, show(t, page.Records[0], "code", "name", "cost", "formula", "_line"))
		same(t, "rows", got, "007 Größe 0.3 2026-11-29 2026-11-29T06:30:00 true 3", "4711 null 1234567 x 5")
	})
}

// A small file that unpacks to much is refused before it does.
func TestWorkbookThatUnpacksToMuch(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="A" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   `<worksheet><sheetData><row><c t="inlineStr"><is><t>code</t></is></c></row></sheetData></worksheet>`,
		"xl/sharedStrings.xml":       "<sst>" + strings.Repeat("<si><t>"+strings.Repeat("a", 1000)+"</t></si>", 80_000) + "</sst>",
	} {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	w := here(t)
	w.drop("items-1.xlsx", out.String())
	_, err := w.fetch("items", time.Time{}, nil, 10)
	refusal(t, fmt.Sprintf("%d bytes", out.Len()), err, driver.Invalid, "unpacks to more")
}

// A large file is read in the memory of a page.
func TestLargeFilesTakeNoMemory(t *testing.T) {
	w := here(t)
	f, err := os.Create(w.at("in/vendors.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	const rows = 200_000
	name := strings.Repeat("n", 200)
	for i := range rows {
		fmt.Fprintf(f, "{\"code\":\"V%d\",\"name\":\"%s\"}\n", i, name)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var token json.RawMessage
	var most uint64
	read := 0
	for n := 0; ; n++ {
		page, err := w.fetch("vendors", time.Time{}, token, 500)
		if err != nil {
			t.Fatal(err)
		}
		read += len(page.Records)
		if n%50 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
		if token = page.Next; token == nil {
			break
		}
	}
	if read != rows || most > 40<<20 {
		t.Errorf("%d records, %d MiB at most", read, most>>20)
	}
}
