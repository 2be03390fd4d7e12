package storetest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

func (w *world) member(email, role string) store.Member {
	w.t.Helper()
	m := store.Member{ID: w.id(), ProjectID: project, Email: email, EmailKey: email, Name: "Ada" + "\u202e", Role: role, Password: "$argon2id$x", CreatedAt: w.now, UpdatedAt: w.now}
	w.write(func(tx *store.Tx) error { return tx.InsertMember(w.t.Context(), m) })
	return m
}

func (w *world) memberLink(l store.MemberLink) store.MemberLink {
	w.t.Helper()
	l.ID, l.ProjectID, l.CreatedAt = w.id(), project, w.now
	l.Hash, l.EmailKey = []byte(l.ID), strings.ToLower(l.Email)
	if l.ExpiresAt.IsZero() {
		l.ExpiresAt = w.now.Add(time.Hour)
	}
	w.write(func(tx *store.Tx) error { return tx.InsertMemberLink(w.t.Context(), l, w.now.Add(-time.Hour)) })
	return l
}

var memberTests = []test{
	{"a member is found by id, address and name at a login server, and no two share one", func(t *testing.T, w *world) {
		m := w.member("ada@example.com", "admin")
		other := w.member("bob@example.com", "owner")
		w.equal("by id", *must[*store.Member](w)(w.Member(t.Context(), project, m.ID)), m)
		w.equal("by address", *must[*store.Member](w)(w.MemberByEmail(t.Context(), m.EmailKey)), m)
		w.is(second(w.Member(t.Context(), "p2", m.ID)), store.ErrNotFound)
		w.is(second(w.MemberByEmail(t.Context(), "nobody@example.com")), store.ErrNotFound)
		w.is(second(w.MemberByOIDC(t.Context(), "", "")), store.ErrNotFound)
		again := m
		again.ID, again.ProjectID = w.id(), "p2"
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertMember(t.Context(), again) }), store.ErrConflict)
		w.write(func(tx *store.Tx) error { return tx.SetMemberOIDC(t.Context(), m.ID, "https://id", "s1", w.now) })
		w.equal("by its name there", must[*store.Member](w)(w.MemberByOIDC(t.Context(), "https://id", "s1")).ID, m.ID)
		w.is(w.Write(t.Context(), func(tx *store.Tx) error {
			return tx.SetMemberOIDC(t.Context(), other.ID, "https://id", "s1", w.now)
		}), store.ErrConflict)
		same := store.Member{ID: w.id(), ProjectID: project, Email: "cem@example.com", EmailKey: "cem@example.com", OIDCIssuer: "https://id", OIDCSubject: "s1", CreatedAt: w.now}
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertMember(t.Context(), same) }), store.ErrConflict)
		w.write(func(tx *store.Tx) error { return tx.SetMemberOIDC(t.Context(), other.ID, "https://other", "s1", w.now) })
		for _, want := range []bool{true, false} {
			w.write(func(tx *store.Tx) error {
				had, err := tx.ClearMemberOIDC(t.Context(), m.ID, w.now)
				w.equal("there was one", had, want)
				return err
			})
		}
		w.is(second(w.MemberByOIDC(t.Context(), "https://id", "s1")), store.ErrNotFound)
		w.equal("the other's goes on", must[*store.Member](w)(w.MemberByOIDC(t.Context(), "https://other", "s1")).ID, other.ID)
	}},
	{"a member changes and goes, and only owners who may come in are counted", func(t *testing.T, w *world) {
		m, gone := w.member("ada@example.com", "owner"), w.member("bob@example.com", "owner")
		w.member("cem@example.com", "admin")
		w.equal("owners", must[int64](w)(w.Owners(t.Context(), project)), int64(2))
		w.equal("owners elsewhere", must[int64](w)(w.Owners(t.Context(), "p2")), int64(0))
		m.Name, m.DisabledAt, m.UpdatedAt = "A", w.now.Add(time.Second), w.now.Add(time.Minute)
		w.write(func(tx *store.Tx) error { return tx.SetMember(t.Context(), m, m.UpdatedAt) })
		w.equal("changed", *must[*store.Member](w)(w.Member(t.Context(), project, m.ID)), m)
		w.equal("owners", must[int64](w)(w.Owners(t.Context(), project)), int64(1))
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.DeleteMember(t.Context(), "p2", gone.ID) }), store.ErrNotFound)
		w.write(func(tx *store.Tx) error { return tx.DeleteMember(t.Context(), project, gone.ID) })
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.SetMember(t.Context(), gone, w.now) }), store.ErrNotFound)
		page := must[[]store.Member](w)(w.Members(t.Context(), project, "", 1))
		w.equal("newest first", page[0].Email, "cem@example.com")
		w.equal("and those before", must[[]store.Member](w)(w.Members(t.Context(), project, page[0].ID, 5)), []store.Member{m})
	}},
	{"a new hash of the same password takes no newer password's place", func(t *testing.T, w *world) {
		m := w.member("ada@example.com", "owner")
		w.write(func(tx *store.Tx) error { return tx.SetMemberPassword(t.Context(), m.ID, "new", w.now) })
		w.write(func(tx *store.Tx) error { return tx.RehashMemberPassword(t.Context(), m.ID, m.Password, "stale") })
		w.equal("password", must[*store.Member](w)(w.Member(t.Context(), project, m.ID)).Password, "new")
		w.write(func(tx *store.Tx) error { return tx.RehashMemberPassword(t.Context(), m.ID, "new", "stronger") })
		w.equal("password", must[*store.Member](w)(w.Member(t.Context(), project, m.ID)).Password, "stronger")
	}},
	{"a session ends once, and an ended one neither lives nor proves anything", func(t *testing.T, w *world) {
		m, other := w.member("ada@example.com", "owner"), w.member("bob@example.com", "owner")
		session := func(m store.Member, ends time.Duration) store.MemberSession {
			s := store.MemberSession{ID: w.id(), MemberID: m.ID, Address: "192.0.2.1", Agent: "Firefox", CreatedAt: w.now, SeenAt: w.now, AuthenticatedAt: w.now, ExpiresAt: w.now.Add(ends)}
			s.Hash = []byte(s.ID)
			w.write(func(tx *store.Tx) error { return tx.InsertMemberSession(t.Context(), s, w.now.Add(-time.Hour)) })
			return s
		}
		a, b, short := session(m, time.Hour), session(m, time.Hour), session(m, time.Minute)
		session(other, time.Hour)
		found, whose, err := w.MemberSessionByHash(t.Context(), a.Hash)
		w.ok(err)
		w.equal("session", *found, a)
		w.equal("its member", *whose, m)
		w.equal("those that go on, newest first", must[[]store.MemberSession](w)(w.MemberSessions(t.Context(), m.ID, w.now.Add(time.Minute))), []store.MemberSession{b, a})
		w.write(func(tx *store.Tx) error { return tx.ProveMemberSession(t.Context(), a.ID, []byte("anew"), w.now) })
		_, _, err = w.MemberSessionByHash(t.Context(), a.Hash)
		w.is(err, store.ErrNotFound)
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.EndMemberSession(t.Context(), other.ID, a.ID, w.now) }), store.ErrNotFound)
		w.write(func(tx *store.Tx) error { return tx.EndMemberSession(t.Context(), m.ID, a.ID, w.now) })
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.EndMemberSession(t.Context(), m.ID, a.ID, w.now) }), store.ErrNotFound)
		w.is(w.Write(t.Context(), func(tx *store.Tx) error {
			return tx.ProveMemberSession(t.Context(), a.ID, []byte("again"), w.now)
		}), store.ErrNotFound)
		w.write(func(tx *store.Tx) error {
			n, err := tx.EndMemberSessions(t.Context(), m.ID, b.ID, w.now)
			w.equal("others ended", n, int64(1))
			return err
		})
		w.write(func(tx *store.Tx) error { return tx.TouchMemberSession(t.Context(), short.ID, w.now.Add(time.Second)) })
		ended, _, err := w.MemberSessionByHash(t.Context(), short.Hash)
		w.ok(err)
		w.equal("not used after its end", ended.SeenAt, w.now)
		w.equal("of the other member", len(must[[]store.MemberSession](w)(w.MemberSessions(t.Context(), other.ID, w.now))), 1)
		w.tick(3 * time.Hour)
		session(m, time.Hour)
		_, _, err = w.MemberSessionByHash(t.Context(), b.Hash)
		w.is(err, store.ErrNotFound)
	}},
	{"of many who use a link one does, and a revoked one nobody", func(t *testing.T, w *world) {
		l := w.memberLink(store.MemberLink{Purpose: store.LinkInvite, Email: "ada@example.com", Role: "viewer", MadeBy: "m1"})
		w.equal("link", *must[*store.MemberLink](w)(w.MemberLinkByHash(t.Context(), l.Hash)), l)
		w.is(second(w.MemberLink(t.Context(), "p2", l.ID)), store.ErrNotFound)
		var used atomic.Int64
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if w.Write(t.Context(), func(tx *store.Tx) error { return tx.UseMemberLink(t.Context(), l.ID, w.now) }) == nil {
					used.Add(1)
				}
			})
		}
		all.Wait()
		w.equal("used", used.Load(), int64(1))
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.RevokeMemberLink(t.Context(), project, l.ID, w.now) }), store.ErrConflict)
		revoked := w.memberLink(store.MemberLink{Purpose: store.LinkInvite})
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.RevokeMemberLink(t.Context(), "p2", revoked.ID, w.now) }), store.ErrConflict)
		w.write(func(tx *store.Tx) error { return tx.RevokeMemberLink(t.Context(), project, revoked.ID, w.now) })
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.UseMemberLink(t.Context(), revoked.ID, w.now) }), store.ErrConflict)
	}},
	{"links are listed by purpose and by who made them, end with what they are for, and old ones go", func(t *testing.T, w *world) {
		old := w.memberLink(store.MemberLink{Purpose: store.LinkInvite, Email: "old@example.com", ExpiresAt: w.now.Add(time.Minute)})
		invited := w.memberLink(store.MemberLink{Purpose: store.LinkInvite, Email: "ada@example.com", MadeBy: "m1"})
		password := w.memberLink(store.MemberLink{Purpose: store.LinkPassword, MemberID: "m2", MadeBy: "m1"})
		nobodys := w.memberLink(store.MemberLink{Purpose: store.LinkInvite, Email: "bob@example.com"})
		w.equal("invitations, newest first", must[[]store.MemberLink](w)(w.Invitations(t.Context(), project, "", 2)), []store.MemberLink{nobodys, invited})
		w.equal("and those before", must[[]store.MemberLink](w)(w.Invitations(t.Context(), project, invited.ID, 2)), []store.MemberLink{old})
		by := func(id, of string, at time.Time) (found []store.MemberLink) {
			w.write(func(tx *store.Tx) (err error) { found, err = tx.LinksMadeBy(t.Context(), of, id, at); return err })
			return found
		}
		w.equal("made by a member", by("m1", project, w.now), []store.MemberLink{invited, password})
		w.equal("in another project", len(by("m1", "p2", w.now)), 0)
		w.equal("made by no member", len(by("", project, w.now)), 0)
		w.equal("expired", len(by("m1", project, invited.ExpiresAt)), 0)
		w.write(func(tx *store.Tx) error { return tx.RevokeLinksOfMember(t.Context(), project, "m2", w.now) })
		w.equal("of the member revoked", by("m1", project, w.now), []store.MemberLink{invited})
		written := invited
		written.Email = "ADA@example.com"
		w.write(func(tx *store.Tx) error { return tx.RevokeMemberLinks(t.Context(), written, w.now) })
		w.equal("what it takes the place of", len(by("m1", project, w.now)), 0)
		w.equal("another's goes on", must[*store.MemberLink](w)(w.MemberLinkByHash(t.Context(), nobodys.Hash)).RevokedAt, time.Time{})
		w.tick(time.Hour + 2*time.Minute)
		w.memberLink(store.MemberLink{Purpose: store.LinkInvite})
		w.is(second(w.MemberLinkByHash(t.Context(), old.Hash)), store.ErrNotFound)
		must[*store.MemberLink](w)(w.MemberLinkByHash(t.Context(), invited.Hash))
	}},
	{"of many who take a login under way one does, for its purpose; one that is too late sees that it is", func(t *testing.T, w *world) {
		attempt := func(name string) store.LoginAttempt {
			a := store.LoginAttempt{Hash: []byte(name), Purpose: "member", Owner: project, Browser: []byte("b"), Sealed: []byte{0, 255}, CreatedAt: w.now, ExpiresAt: w.now.Add(10 * time.Minute)}
			w.ok(w.InsertLoginAttempt(t.Context(), a))
			return a
		}
		a, late := attempt("a"), attempt("late")
		w.is(second(w.UseLoginAttempt(t.Context(), "link", a.Hash, a.Browser, w.now)), store.ErrNotFound)
		w.is(second(w.UseLoginAttempt(t.Context(), "member", a.Hash, []byte("another browser"), w.now)), store.ErrNotFound)
		w.is(second(w.UseLoginAttempt(t.Context(), "member", []byte("none"), a.Browser, w.now)), store.ErrNotFound)
		var used atomic.Int64
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if got, err := w.UseLoginAttempt(t.Context(), "member", a.Hash, a.Browser, w.now); err == nil {
					used.Add(1)
					w.equal("attempt", fmt.Sprint(got.Owner, got.Browser, got.Sealed), fmt.Sprint(a.Owner, a.Browser, a.Sealed))
				}
			})
		}
		all.Wait()
		w.equal("used", used.Load(), int64(1))
		w.equal("end of one that is too late", must[store.LoginAttempt](w)(w.UseLoginAttempt(t.Context(), "member", late.Hash, late.Browser, late.ExpiresAt)).ExpiresAt, late.ExpiresAt)
	}},
	{"keys that a member issued are found while they are good", func(t *testing.T, w *world) {
		for i, k := range []store.Key{{IssuedBy: "m1"}, {IssuedBy: "m2"}, {}, {IssuedBy: "m1", RevokedAt: w.now}, {IssuedBy: "m1", ExpiresAt: w.now.Add(time.Minute)}, {IssuedBy: "m1", ProjectID: "p2"}} {
			k.ID, k.Hash, k.Scopes, k.CreatedAt = fmt.Sprint("k", i), []byte{byte(i)}, []string{"read"}, w.now
			if k.ProjectID == "" {
				k.ProjectID = project
			}
			w.ok(w.InsertKey(t.Context(), k))
		}
		by := func(id string, at time.Time) (ids string) {
			w.write(func(tx *store.Tx) error {
				keys, err := tx.KeysIssuedBy(t.Context(), project, id, at)
				for _, k := range keys {
					ids += k.ID + k.IssuedBy
				}
				return err
			})
			return ids
		}
		w.equal("now", by("m1", w.now), "k4m1k0m1")
		w.equal("later", by("m1", w.now.Add(time.Minute)), "k0m1")
		w.equal("of nobody", by("", w.now), "")
		w.write(func(tx *store.Tx) error { return tx.LabelKey(t.Context(), project, "k0", "new") })
		w.equal("label", must[*store.Key](w)(w.ProjectKey(t.Context(), project, "k0")).Label, "new")
		w.is(second(w.ProjectKey(t.Context(), "p2", "k0")), store.ErrNotFound)
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.LabelKey(t.Context(), "p2", "k0", "x") }), store.ErrNotFound)
	}},
}
