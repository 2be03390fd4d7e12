package connection_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

func TestIssueToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	now := w.clock()
	later := now.Add(time.Hour)
	token, err := w.IssueToken(acting(t.Context()), c, "reports", []string{"sync", "read", "read"}, &later)
	if err != nil {
		t.Fatal(err)
	}
	who, err := w.Authenticate(t.Context(), token.Plain)
	if err != nil || who.Token.Label != "reports" || fmt.Sprint(who.Token.Scopes) != "[read sync]" || who.Connection.ID != c.ID || who.Key != nil {
		t.Errorf("who: %+v, %v", who, err)
	}
	if !bytes.Equal(who.Token.Hash, w.keeper.Hash(token.Plain)) || who.Token.Last4 != token.Plain[len(token.Plain)-4:] {
		t.Error("the stored token is not the hash of the plain one")
	}
	_, err = w.IssueToken(acting(t.Context()), c, " ", []string{"read", "reed"}, &now)
	wantProblem(t, err, problem.ValidationFailed, "/label", problem.Required)
	wantProblem(t, err, problem.ValidationFailed, "/scopes/1", problem.Unknown)
	wantProblem(t, err, problem.ValidationFailed, "/expires_at", problem.OutOfRange)
	_, err = w.IssueToken(acting(t.Context()), c, "never", nil, &time.Time{})
	wantProblem(t, err, problem.ValidationFailed, "/expires_at", problem.OutOfRange)
	w.pass(time.Hour)
	_, err = w.Authenticate(t.Context(), token.Plain)
	wantProblem(t, err, problem.InvalidToken, "", "")
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.create()
	plain := made.Token.Plain
	other := newWorld(t)
	foreign := other.create().Token.Plain
	for name, text := range map[string]string{"empty": "", "mistyped": plain[:20] + "!" + plain[21:], "cut off": plain[:40], "of another Busbar": foreign} {
		if who, err := w.Authenticate(t.Context(), text); err == nil {
			t.Errorf("%s: %+v", name, who)
		} else {
			wantProblem(t, err, problem.InvalidToken, "", "")
		}
	}
	if _, err := w.Authenticate(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	err := w.store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.RevokeToken(t.Context(), made.Connection.Scope(), made.Token.ID, w.clock())
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Authenticate(t.Context(), plain)
	wantProblem(t, err, problem.InvalidToken, "", "")
}

// A mistyped token is refused without the database: even a closed one is not noticed.
func TestMistypedTokenAsksNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plain := w.create().Token.Plain
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := w.Authenticate(t.Context(), plain[:44]+"_")
	wantProblem(t, err, problem.InvalidToken, "", "")
	if _, err := w.Authenticate(t.Context(), plain); err == nil || problemIn(err) != nil {
		t.Errorf("a failing database says %v; it must not look like a bad token", err)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, err := w.IssueKey(acting(t.Context()), w.project, connection.NewKey{Label: "ci"})
	if err != nil {
		t.Fatal(err)
	}
	who, err := w.Authenticate(t.Context(), key.Plain)
	if err != nil || who.Key == nil || !slices.Equal(who.Key.Scopes, connection.KeyScopes()) || who.Key.ProjectID != w.project || who.Token != nil || who.Connection != nil {
		t.Errorf("who: %+v, %v", who, err)
	}
	if err := w.store.RevokeKey(t.Context(), w.project, key.ID, w.clock()); err != nil {
		t.Fatal(err)
	}
	_, err = w.Authenticate(t.Context(), key.Plain)
	wantProblem(t, err, problem.InvalidToken, "", "")
	_, err = w.IssueKey(acting(t.Context()), w.project, connection.NewKey{})
	wantProblem(t, err, problem.ValidationFailed, "/label", problem.Required)
}

func TestLastUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.create()
	w.pass(time.Minute)
	if _, err := w.Authenticate(t.Context(), made.Token.Plain); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.FlushUse(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	tokens, err := w.store.Tokens(t.Context(), made.Connection.Scope())
	if err != nil || len(tokens) != 1 || !tokens[0].LastUsedAt.Equal(w.clock()) {
		t.Errorf("tokens: %+v, %v", tokens, err)
	}
}

func TestFirstKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var delivered []string
	deliver := func(plain string) error { delivered = append(delivered, plain); return nil }
	lost := errors.New("the disk is gone")
	if _, err := w.EnsureFirstKey(acting(t.Context()), false, func(string) error { return lost }); !errors.Is(err, lost) {
		t.Fatalf("a key that cannot be delivered: %v", err)
	}
	for _, anew := range []bool{false, false, true} {
		if p, err := w.EnsureFirstKey(acting(t.Context()), anew, deliver); err != nil || p.ID != w.project {
			t.Fatal(p, err)
		}
	}
	if len(delivered) != 2 {
		t.Fatalf("%d keys delivered; want the first, after one that failed, and the one asked for anew", len(delivered))
	}
	for _, plain := range delivered {
		if who, err := w.Authenticate(t.Context(), plain); err != nil || who.Key.ProjectID != w.project {
			t.Errorf("a delivered key: %+v, %v", who, err)
		}
	}
}
