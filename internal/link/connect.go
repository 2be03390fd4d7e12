package link

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// Check tries a login and stores nothing. Errors: *problem.Error validation-failed with pointers for a form that is not complete, rate-limited, conflict when the link does not stand so.
func (s *Service) Check(ctx context.Context, v *Visit, l Login) ([]connection.Finding, error) {
	if err := v.refuse(); err != nil {
		return nil, err
	}
	end, err := s.checks.begin(v.Link.ID)
	if err != nil {
		return nil, err
	}
	defer end()
	f, err := s.form(ctx, v, l)
	if err != nil {
		return nil, err
	}
	var found []connection.Finding
	err = s.using(ctx, v, l, &f, func() (err error) {
		found, err = s.Connections.Examine(ctx, v.Connection, f)
		return err
	})
	return found, err
}

// form is the login with what is preset and with the vendor's own registration.
func (s *Service) form(ctx context.Context, v *Visit, l Login) (connection.Form, error) {
	f := connection.Form{System: cmp.Or(v.SystemName(), l.System), AuthMethod: l.Method, Entities: l.Entities, TimeZone: v.Settings.TimeZone, Credentials: map[string]string{}}
	sys := s.Config.Systems.System(f.System)
	if len(f.Entities) == 0 {
		f.Entities = v.Settings.Entities
	}
	if v.Renews() {
		f.AuthMethod = cmp.Or(f.AuthMethod, v.Connection.AuthMethod)
		read, err := s.read(ctx, v.Connection, sys)
		if err != nil {
			return f, err
		}
		f.Entities = read
	}
	maps.Copy(f.Credentials, l.Values)
	if sys == nil {
		return f, nil // as the connection will say
	}
	app, err := s.way(ctx, v.Link.ProjectID, sys, &f.AuthMethod)
	maps.Copy(f.Credentials, app)
	return f, err
}

// way gives the vendor's own registration for a way to log in; the first that is the customer's to choose when none is named.
func (s *Service) way(ctx context.Context, projectID string, sys *manifest.System, method *string) (map[string]string, error) {
	known := *method == ""
	for _, m := range sys.Auth {
		if *method != "" && m.Method != *method {
			continue
		}
		known = true
		app, err := s.app(ctx, projectID, sys.System, m.Method)
		if err != nil || open(m, func(name string) bool { return app[name] != "" }) {
			*method = m.Method
			return app, err
		}
	}
	if !known {
		return nil, nil // as the connection will say
	}
	return nil, problem.New(problem.ValidationFailed, "This way to log in is not the customer's to choose.").
		At("/auth_method", problem.Invalid, "It reads files of the machine that Busbar runs on; choose another way to log in.")
}

// read lists what a connection reads, of what its system still has.
func (s *Service) read(ctx context.Context, c *store.Connection, sys *manifest.System) (entities []string, err error) {
	streams, err := s.Store.Streams(ctx, c.Scope())
	if err != nil {
		return nil, fmt.Errorf("look up what a connection reads: %w", err)
	}
	for _, st := range streams {
		if sys != nil && sys.Entity(st.Entity) != nil {
			entities = append(entities, st.Entity)
		}
	}
	return entities, nil
}

// Connect checks a login, stores it and ends the link. Errors: as those of connection.Service.Create; rate-limited; conflict when the link does not stand so any more.
func (s *Service) Connect(ctx context.Context, v *Visit, l Login) (*Done, error) {
	if v.refuse() == nil {
		end, err := s.checks.begin(v.Link.ID)
		if err != nil {
			return nil, err
		}
		defer end()
	}
	return s.connect(ctx, v, l)
}

func (s *Service) connect(ctx context.Context, v *Visit, l Login) (*Done, error) {
	if err := v.refuse(); err != nil {
		return s.elseResult(ctx, v, err)
	}
	ctx = s.byCustomer(ctx, v.Link)
	f, err := s.form(ctx, v, l)
	if err != nil {
		return nil, err
	}
	if l.held == nil && s.Connections.InBrowser(f.System, f.AuthMethod) {
		return nil, problem.New(problem.Conflict, "This system is connected by logging in there, in the browser.")
	}
	var done *Done
	with := func(ctx context.Context, tx *store.Tx, _ *store.Connection) (err error) {
		done, err = s.close(ctx, tx, v)
		return err
	}
	stored := false
	err = s.using(ctx, v, l, &f, func() error {
		err := s.store(ctx, v, l, f, with)
		stored = err == nil
		return err
	})
	if !stored {
		return s.elseResult(ctx, v, err)
	}
	s.Log.Info("a link was used", "link", v.Link.ID, "connection", v.Connection.ID, "purpose", v.Link.Purpose)
	return done, nil
}

type inTransaction = func(ctx context.Context, tx *store.Tx, c *store.Connection) error

// store makes or renews the connection; with ends the link in the same transaction.
func (s *Service) store(ctx context.Context, v *Visit, l Login, f connection.Form, with inTransaction) error {
	renewal := connection.Renewal{AuthMethod: f.AuthMethod, Credentials: f.Credentials, Grant: f.Grant, With: with}
	switch {
	case v.Renews() && v.Connection.State == store.ConnectionDisconnected:
		return s.Connections.ReconnectWithout(ctx, v.Connection, renewal)
	case v.Renews():
		return s.Connections.Reauthorize(ctx, v.Connection, renewal)
	}
	name := l.Name
	if v.Settings.Name != "" {
		name = ""
	}
	return s.Connections.Fulfil(ctx, v.Connection, connection.Fulfilment{Grant: f.Grant, With: with, New: connection.New{
		System: f.System, Name: name, AuthMethod: f.AuthMethod, Credentials: f.Credentials, Entities: f.Entities,
		TimeZone: v.Settings.TimeZone, History: cmp.Or(v.Settings.History, l.History), Schedule: v.Settings.Schedule,
	}})
}

// elseResult gives the result of a link that another page of the same browser has used meanwhile; else err.
func (s *Service) elseResult(ctx context.Context, v *Visit, err error) (*Done, error) {
	var p *problem.Error
	if !errors.As(err, &p) || p.Code != problem.Conflict {
		return nil, err
	}
	now, failed := s.again(ctx, v)
	if failed != nil || now.Standing != Connected || !now.Here {
		return nil, err
	}
	return s.Result(ctx, now)
}

// again is the visit as it stands now.
func (s *Service) again(ctx context.Context, v *Visit) (*Visit, error) {
	now, err := s.Open(ctx, v.secret, "")
	if err != nil {
		return nil, err
	}
	now.browser = v.browser
	now.Here = now.Link.Browser != nil && bytes.Equal(now.Link.Browser, now.browser)
	now.Standing = s.standing(now)
	return now, nil
}

// close ends the link within the transaction that stores the login: once, for the browser that it is bound to, before its time is over.
func (s *Service) close(ctx context.Context, tx *store.Tx, v *Visit) (*Done, error) {
	l, err := s.locked(ctx, tx, v)
	if err != nil {
		return nil, err
	}
	l.Status, l.EndedAt = store.LinkConnected, s.instant()
	done, err := s.withCode(l)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(tx.SaveLink(ctx, l), s.drop(ctx, tx, l.ID)); err != nil {
		return nil, err
	}
	return done, note(ctx, tx, l, "used")
}

// locked gives the link as it is now, refused unless this browser may still use it.
func (s *Service) locked(ctx context.Context, tx *store.Tx, v *Visit) (*store.LinkSession, error) {
	l, err := tx.LockLink(ctx, v.Link.ID)
	if err != nil {
		return nil, err
	}
	now := *v
	now.Link, now.Here, now.Standing = l, bytes.Equal(l.Browser, v.browser), Yours
	switch {
	case l.Status != store.LinkOpen:
		now.Standing = Standing(l.Status)
	case !s.Now().Before(l.ExpiresAt):
		now.Standing = Expired
	case !now.Here || v.browser == nil:
		now.Standing = Elsewhere
	}
	return l, now.refuse()
}

// withCode gives l a code of its own where there is an address to bring it to.
func (s *Service) withCode(l *store.LinkSession) (*Done, error) {
	if l.RedirectURI == "" {
		return &Done{}, nil
	}
	plain, err := secret.NewToken(secret.LinkCode, s.Rand)
	if err != nil {
		return nil, err
	}
	l.CodeHash, l.CodeExpiresAt = s.Keeper.Hash(plain), s.instant().Add(codeLife)
	return &Done{Redirect: back(l, "code", plain)}, nil
}

// back is the redirect address with an answer; what stands in it already stays.
func back(l *store.LinkSession, name, value string) string {
	base, fragment, _ := strings.Cut(l.RedirectURI, "#")
	answer := url.Values{name: {value}}
	if l.State != "" {
		answer.Set("state", l.State)
	}
	separator := "?"
	if strings.Contains(base, "?") {
		separator = "&"
	}
	if fragment != "" {
		fragment = "#" + fragment
	}
	return base + separator + answer.Encode() + fragment
}

// Result gives the end of a link that has connected, to its browser: with a fresh code while nobody has used one.
func (s *Service) Result(ctx context.Context, v *Visit) (done *Done, err error) {
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		l, err := tx.LockLink(ctx, v.Link.ID)
		if err != nil {
			return err
		}
		switch {
		case l.Status != store.LinkConnected || v.browser == nil || !bytes.Equal(l.Browser, v.browser):
			return problem.New(problem.Conflict, "Nothing was connected in this browser.")
		case !l.CodeUsedAt.IsZero():
			done = &Done{Handed: true}
			return nil
		case l.RedirectURI == "" || !s.Now().Before(l.EndedAt.Add(codeWindow)):
			done = &Done{}
			return nil
		}
		if done, err = s.withCode(l); err != nil {
			return err
		}
		return tx.SaveLink(ctx, l)
	})
	if err != nil {
		return nil, fmt.Errorf("end link %s: %w", v.Link.ID, err)
	}
	return done, nil
}
