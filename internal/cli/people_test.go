package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/cli"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/store"
)

// server is a whole Busbar behind HTTP, and its first key.
type server struct {
	t        *testing.T
	app      *app.App
	url, key string
	project  store.Project
	ctx      context.Context
}

func newServer(t *testing.T) *server {
	t.Helper()
	t.Parallel()
	data := t.TempDir()
	a, err := app.Open(t.Context(), app.Options{Data: data, MasterKey: app.DefaultMasterKey(data), Log: slog.New(slog.DiscardHandler), Now: time.Now, Version: "test", Tick: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close(context.Background()) })
	s := &server{t: t, app: a, ctx: audit.Myself(t.Context(), "test", time.Now())}
	s.project, err = a.Connections.EnsureFirstKey(s.ctx, false, func(plain string) error { s.key = plain; return nil })
	if err == nil {
		err = a.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(a.Handler)
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

// join lets somebody of a role in, without a browser.
func (s *server) join(email, role string) member.Session {
	s.t.Helper()
	l, err := s.app.Members.Invite(s.ctx, member.By{Scopes: connection.Scopes()}, s.project.ID, email, role)
	if err != nil {
		s.t.Fatal(err)
	}
	m, err := s.app.Members.Join(s.ctx, l.Plain, member.Profile{Name: "Ada", Password: "correct battery horse"}, member.Browser{Address: netip.MustParseAddr("192.0.2.1"), Agent: "Firefox"})
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

func (s *server) run(args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	args = append(args, "--url", s.url, "--key", s.key)
	code = cli.Main(s.t.Context(), args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Now: time.Now}, cli.Programs{Version: "test"})
	return out.String(), errs.String(), code
}

// step is a command, and patterns of what it prints.
type step struct {
	command  string
	code     int
	out, err string
}

// steps runs commands one after the other.
func (s *server) steps(steps ...step) {
	s.t.Helper()
	for _, one := range steps {
		out, errs, code := s.run(strings.Fields(one.command)...)
		if code != one.code || !regexp.MustCompile(one.out).MatchString(out) || !regexp.MustCompile(one.err).MatchString(errs) || (one.err == "") != (errs == "") {
			s.t.Errorf("busbar %s: exit code %d, printed %q and %q; want %d, %q and %q", one.command, code, out, errs, one.code, one.out, one.err)
		}
	}
}

// must runs a command with JSON as its answer.
func (s *server) must(into any, args ...string) {
	s.t.Helper()
	out, errs, code := s.run(append(args, "--output", "json")...)
	if err := json.Unmarshal([]byte(out), into); code != cli.ExitOK || err != nil {
		s.t.Fatalf("busbar %v: exit code %d, %v, printed %q and %q", args, code, err, out, errs)
	}
}

func TestMemberCommands(t *testing.T) {
	s := newServer(t)
	s.steps(
		step{"member list", cli.ExitOK, `^No members\.\n$`, ""},
		step{"member invite ada@example.com --role operator", cli.ExitOK, `role: +operator\nlink: +http://127\.0\.0\.1:\d+/invite/bb_inv_\w{38}\nuntil: .*Z\nnote: +shown this once`, ""},
		step{"member invite nobody", cli.ExitFailed, "", `email`},
		step{"member invite ada@example.com --role king", cli.ExitFailed, "", `owner.*admin.*operator.*viewer`},
		step{"member invite", cli.ExitUsage, "", `<email>`},
	)
	olga, ada := s.join("olga@example.com", member.Owner), s.join("ada@example.com", member.Admin)
	s.steps(
		step{"member list", cli.ExitOK, `ID +E-MAIL +NAME +ROLE +DISABLED +LOGIN SERVER +LAST LOGIN\n` + ada.MemberID + ` +ada@example\.com +Ada +admin +- +- +20.*Z\n` + olga.MemberID, ""},
		step{"member invite Ada@Example.com", cli.ExitFailed, "", `email`},
		step{"member sessions ada@example.com", cli.ExitOK, ada.ID + ` +192\.0\.2\.1 +Firefox`, ""},
		step{"member password-link ADA@example.com", cli.ExitOK, `link: +http://127\.0\.0\.1:\d+/password/bb_inv_`, ""},
		step{"member role ada@example.com viewer", cli.ExitOK, `role: +viewer\ndisabled: +false`, ""},
		step{"member sessions " + ada.MemberID, cli.ExitOK, `^Not logged in anywhere\.\n$`, ""},
		step{"member role ada@example.com king", cli.ExitFailed, "", `role`},
		step{"member role olga@example.com viewer", cli.ExitFailed, "", `last owner`},
		step{"member role nobody@example.com viewer", cli.ExitUsage, "", `no member has this e-mail address; see busbar member list`},
		step{"member role no-such-id viewer", cli.ExitNotFound, "", `no such member`},
		step{"member disable ada@example.com", cli.ExitOK, `disabled: +true`, ""},
		step{"member list", cli.ExitOK, `ada@example\.com +Ada +viewer +yes`, ""},
		step{"member password-link ada@example.com", cli.ExitFailed, "", `disabled\. Enable it first`},
		step{"member disable ada@example.com --undo", cli.ExitOK, `disabled: +false`, ""},
		step{"member remove olga@example.com", cli.ExitFailed, "", `last owner`},
		step{"member remove ada@example.com", cli.ExitOK, `^Member ada@example\.com is removed\.\n$`, ""},
		step{"member remove ada@example.com", cli.ExitUsage, "", `no member has this`},
		step{"member remove " + ada.MemberID, cli.ExitNotFound, "", `no such member`},
		step{"member sessions " + ada.MemberID, cli.ExitNotFound, "", `no such member`},
		step{"member password-link " + ada.MemberID + "/../x", cli.ExitNotFound, "", `.`},
	)
}

// TestWhatARemovedMemberLeavesIsPrinted: the printed commands end the keys.
func TestWhatARemovedMemberLeavesIsPrinted(t *testing.T) {
	s := newServer(t)
	s.join("olga@example.com", member.Owner)
	for _, command := range []string{"member remove", "member disable"} {
		email := strings.ReplaceAll(command, " ", "-") + "@example.com"
		ada := s.join(email, member.Admin)
		ctx := audit.By(t.Context(), audit.Actor{Kind: audit.Member, ID: ada.MemberID, ProjectID: s.project.ID, At: time.Now()})
		k, err := s.app.Connections.IssueKey(ctx, s.project.ID, connection.NewKey{Label: "back\u202eend", Scopes: []string{"read"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.app.Members.Invite(ctx, member.By{Scopes: connection.Scopes()}, s.project.ID, "friend@example.com", member.Viewer); err != nil {
			t.Fatal(err)
		}
		s.steps(
			step{command + " " + email, cli.ExitOK, `\n\nLinks given out by the member that work no more: 1\.\n\nKeys issued by the member are still valid\. .*\n\n.*\nbusbar key revoke ` + k.ID + ` +back end +….{4} +read +-\n$`, ""},
			step{"key revoke " + k.ID, cli.ExitOK, `is revoked`, ""},
		)
	}
}

func TestKeyCommands(t *testing.T) {
	s := newServer(t)
	var made struct{ ID, Key, Label string }
	s.must(&made, "key", "issue", "--label", "reporting", "--scope", "read", "--expires", "720h")
	s.steps(
		step{"key list", cli.ExitOK, `ID +LABEL .*\n` + made.ID + ` +reporting +…` + made.Key[len(made.Key)-4:] + ` +read +20.*Z +- `, ""},
		step{"key issue --label backend", cli.ExitOK, `scopes: +read,sync,write,run,flows,connect\nexpires: +-\nkey: +bb_key_\w{38}\nnote: +shown this once`, ""},
		step{"key issue", cli.ExitUsage, "", `--label`},
		step{"key issue --label x --scope everything", cli.ExitFailed, "", `scopes`},
		step{"key issue --label x --expires=-1h", cli.ExitUsage, "", `--expires lies in the future`},
		step{"key issue --label x --expires soon", cli.ExitUsage, "", `--expires`},
		step{"key revoke " + made.ID, cli.ExitOK, `^Key ` + made.ID + ` is revoked\.\n$`, ""},
		step{"key revoke " + made.ID, cli.ExitOK, `is revoked`, ""},
		step{"key list", cli.ExitOK, made.ID + ` +reporting +….{4} +read +20\S+ \S+Z +20\S+ \S+Z`, ""},
		step{"key revoke none", cli.ExitNotFound, "", `no key "none"`},
	)
	own := s.key
	for key, want := range map[string]string{made.Key: `(?i)revoked`, "bb_key_x": `.`, "": `.`} {
		s.key = key
		s.steps(step{"key list", cli.ExitDenied, "", want})
	}
	s.key = own
	var reads struct{ Key string }
	s.must(&reads, "key", "issue", "--label", "reads", "--scope", "read")
	s.key = reads.Key
	s.steps(step{"key list", cli.ExitDenied, "", `admin`}, step{"member list", cli.ExitDenied, "", `admin`}, step{"keys show", cli.ExitDenied, "", `own`}, step{"audit list", cli.ExitDenied, "", `admin`})
}

func TestKeysCommands(t *testing.T) {
	s := newServer(t)
	s.steps(
		step{"keys show", cli.ExitOK, `MASTER KEY +USE +DATA KEYS\n\w+ +seals +0\n\nThe master key was never rotated\.\nThe keys of logins were never rotated\.\n$`, ""},
		step{"keys rotate --every 20ms", cli.ExitOK, `^The master key was rotated from \w+ to \w+ at .*Z\. Nothing is wrapped by the old one`, `Rotating from`},
		step{"keys rotate --data --every 20ms", cli.ExitOK, `^All logins are under new keys since .*Z\.\n$`, `Logins under new keys`},
		step{"keys show", cli.ExitOK, `seals`, ""},
		step{"keys turn", cli.ExitUsage, "", `turn`},
	)
	s.url = "http://127.0.0.1:1"
	s.steps(step{"keys show", cli.ExitUnreachable, "", `no answer from http://127\.0\.0\.1:1`})
}

func TestAuditCommands(t *testing.T) {
	s := newServer(t)
	s.steps(step{"member invite ada@example.com", cli.ExitOK, `link`, ""})
	checkpoint, errs, code := s.run("audit", "checkpoint")
	if code != cli.ExitOK {
		t.Fatal(code, errs)
	}
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	kept := file("kept.json", checkpoint)
	s.steps(
		step{"audit list", cli.ExitOK, `N +DONE AT +ACTOR +ACTION .*\n\d+ +20\S+ \S+ +key .* +invitation\.created +\S+ +email,role +127\.0\.0\.1\n`, ""},
		step{"audit list --action nothing.done", cli.ExitOK, `^Nothing\.\n$`, ""},
		step{"audit list --since yesterday", cli.ExitFailed, "", `since`},
		step{"audit list --limit 0", cli.ExitFailed, "", `limit`},
		step{"audit verify", cli.ExitOK, `^The audit log is as it was written: \d+ entries\.\n$`, ""},
		step{"member invite bob@example.com", cli.ExitOK, `link`, ""},
		step{"audit verify --checkpoint " + kept, cli.ExitOK, `as it was written`, ""},
		step{"audit verify --checkpoint " + file("no.json", "{"), cli.ExitUsage, "", `no\.json is no checkpoint`},
		step{"audit verify --checkpoint " + file("forged.json", strings.Replace(checkpoint, `"n": `, `"n": 1`, 1)), cli.ExitFailed, "", `forged\.json`},
		step{"audit verify --checkpoint " + filepath.Join(dir, "none.json"), cli.ExitUsage, "", `none\.json`},
	)
	if _, err := s.app.Store.DB().ExecContext(t.Context(), "update audit_log set actor_name = 'Eve' where n = 2"); err != nil {
		t.Fatal(err)
	}
	s.steps(step{"audit verify", cli.ExitFailed, "", `2`})
}
