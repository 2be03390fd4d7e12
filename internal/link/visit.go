package link

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// Open shows a link to a browser; cookie is the value that Continue gave, empty: none. It changes nothing. Errors: *problem.Error not-found.
func (s *Service) Open(ctx context.Context, plain, cookie string) (*Visit, error) {
	if kind, ok := secret.ParseToken(plain); !ok || kind != secret.LinkSecret {
		return nil, unknownLink()
	}
	l, err := s.Store.LinkByHash(ctx, s.Keeper.Hash(plain))
	if errors.Is(err, store.ErrNotFound) {
		return nil, unknownLink()
	}
	if err != nil {
		return nil, fmt.Errorf("look a link up: %w", err)
	}
	v := &Visit{Link: l, secret: plain, browser: s.browser(cookie)}
	if err := json.Unmarshal(l.Settings, &v.Settings); err != nil {
		return nil, fmt.Errorf("read the settings of link %s: %w", l.ID, err)
	}
	v.Connection, err = s.Store.Connection(ctx, l.ProjectID, l.ConnectionID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("read the connection of link %s: %w", l.ID, err)
	}
	v.Here = l.Browser != nil && bytes.Equal(l.Browser, v.browser)
	v.Standing = s.standing(v)
	return v, nil
}

func unknownLink() error {
	return problem.New(problem.NotFound, "This link is not known here. Was it copied whole? Ask for a new one.")
}

// browser is how a link remembers a browser.
func (s *Service) browser(cookie string) []byte {
	if cookie == "" {
		return nil
	}
	return s.Keeper.Hash("link browser " + cookie)
}

func (s *Service) standing(v *Visit) Standing {
	switch {
	case v.Link.Status == store.LinkConnected:
		return Connected
	case v.Link.Status == store.LinkCancelled:
		return Cancelled
	case v.Link.Status == store.LinkExpired || !s.Now().Before(v.Link.ExpiresAt):
		return Expired
	case v.Connection == nil || !v.Connection.DeletingAt.IsZero() || !v.Renews() && v.Connection.State != store.ConnectionPending:
		return Cancelled
	case v.Link.Browser == nil:
		return Fresh
	case v.Here:
		return Yours
	}
	return Elsewhere
}

// Continue binds a fresh link to the browser, and gives the cookie that it shows from now on. Errors: as Open's.
func (s *Service) Continue(ctx context.Context, plain, cookie string) (v *Visit, now string, err error) {
	if v, err = s.Open(ctx, plain, cookie); err != nil || v.Standing != Fresh {
		return v, cookie, err
	}
	if len(cookie) < 40 || len(cookie) > 100 {
		if cookie, err = s.random(); err != nil {
			return nil, "", err
		}
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		l, err := tx.LockLink(ctx, v.Link.ID)
		if err != nil || l.Browser != nil || l.Status != store.LinkOpen {
			return err
		}
		l.Browser, l.OpenedAt = s.browser(cookie), s.instant()
		return tx.SaveLink(ctx, l)
	})
	if err != nil {
		return nil, "", fmt.Errorf("bind link %s to a browser: %w", v.Link.ID, err)
	}
	v, err = s.Open(ctx, plain, cookie)
	return v, cookie, err
}

// random gives 256 bits as text.
func (s *Service) random() (string, error) {
	var raw [32]byte
	if _, err := io.ReadFull(s.Rand, raw[:]); err != nil {
		return "", fmt.Errorf("make a random text: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

// Systems gives the systems that can be chosen whose name, maker or kind fit the words; all for none.
func (s *Service) Systems(ctx context.Context, v *Visit, words string) ([]Choice, error) {
	given, err := s.given(ctx, v.Link.ProjectID)
	if err != nil {
		return nil, err
	}
	var out []Choice
	for _, sys := range s.Config.Systems.Systems() {
		if preset := v.SystemName(); preset != "" && preset != sys.System || preset == "" && sys.Simulated && !s.Simulators || !fits(sys, words) {
			continue
		}
		if c := choiceOf(sys, given); len(c.Ways) > 0 {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Choice) int {
		return cmp.Compare(strings.ToLower(a.System.Name), strings.ToLower(b.System.Name))
	})
	return out, nil
}

func choiceOf(sys *manifest.System, given map[appKey][]string) Choice {
	c := Choice{System: sys, Apps: map[string][]string{}}
	for _, m := range sys.Auth {
		fields := given[appKey{sys.System, m.Method}]
		if len(fields) > 0 {
			c.Apps[m.Method] = fields
		}
		if open(m, func(name string) bool { return slices.Contains(fields, name) }) {
			c.Ways = append(c.Ways, m)
		}
	}
	return c
}

// open tells whether a customer may log in this way: not where a field is the vendor's alone and the vendor has not filled it in.
func open(m manifest.AuthMethod, filled func(name string) bool) bool {
	return !slices.ContainsFunc(m.Fields, func(f manifest.CredentialField) bool { return f.Vendor && !filled(f.Name) })
}

// fits says that every word is in what people know of the system.
func fits(sys *manifest.System, words string) bool {
	known := strings.ToLower(strings.Join(append([]string{sys.System, sys.Name, sys.Summary}, sys.Categories...), " "))
	for _, w := range strings.Fields(strings.ToLower(words)) {
		if !strings.Contains(known, w) {
			return false
		}
	}
	return true
}

// refuse says why the link cannot be used by this browser; nil when it can.
func (v *Visit) refuse() error {
	says := map[Standing]string{
		Fresh:     "The link has to be opened first.",
		Elsewhere: "The link goes on in another browser, the one that opened it first. Go on there, or ask for a new link.",
		Connected: "A system was connected with this link already.",
		Cancelled: "The link was cancelled. Ask for a new one.",
		Expired:   "The link has expired. Ask for a new one.",
	}[v.Standing]
	if says == "" {
		return nil
	}
	return problem.New(problem.Conflict, says).With("standing", string(v.Standing))
}
