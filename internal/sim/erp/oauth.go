package erp

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"
)

// OAuth lets a SimERP be logged in to with tokens that expire, in place of its key. They come from POST /oauth/token (RFC 6749).
type OAuth struct {
	ClientID, ClientSecret string
	RefreshToken           string        // the first one; empty: the client alone logs in (client_credentials)
	Life                   time.Duration // of an access token; default an hour
	Rotates                bool          // a renewal ends the refresh token and gives another one; one that comes again ends the login
	Grace                  time.Duration // with Rotates: for so long an ended refresh token is still taken
	Silent                 bool          // answers do not say how long a token is good

	// Another server that gives the tokens, and whether it takes one now; nil: SimERP does so itself.
	By    http.Handler
	Takes func(token string) bool
}

// Logins are the account of what was asked for and given.
type Logins struct {
	Asked   int // calls that came to the endpoint, those that a fault spoilt only where it let them through
	Granted int // access tokens given
	Reused  int // refresh tokens that came again after they were ended
	Ended   int // logins that ended for that
}

// logins is the server of tokens.
type logins struct {
	mu      sync.Mutex
	opts    OAuth
	account Logins
	access  map[string]access // by token
	persons []*person
}

// access is an access token.
type access struct {
	until time.Time
	of    *person // nil: of the client
}

// person is somebody who has logged in for a client: a refresh token, and those that came before it.
type person struct {
	refresh string               // empty: the login has ended
	ended   map[string]time.Time // by token: when it was replaced
}

func (l *logins) start(o *OAuth) {
	if o == nil {
		return
	}
	l.opts, l.access = *o, map[string]access{}
	if l.opts.Life == 0 {
		l.opts.Life = time.Hour
	}
	if o.RefreshToken != "" {
		l.add(o.RefreshToken)
	}
}

func (l *logins) add(refresh string) {
	l.persons = append(l.persons, &person{refresh: refresh, ended: map[string]time.Time{}})
}

func (l *logins) count() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.account.Asked++
}

// Logins tells what has become of the tokens so far.
func (s *Server) Logins() Logins {
	s.logins.mu.Lock()
	defer s.logins.mu.Unlock()
	return s.logins.account
}

// RevokeTokens ends all access tokens before their time.
func (s *Server) RevokeTokens() {
	s.logins.mu.Lock()
	defer s.logins.mu.Unlock()
	clear(s.logins.access)
}

// LogInAnew is one more person who logs in: it gives the refresh token of that login, which has no part in any other.
func (s *Server) LogInAnew() string {
	s.logins.mu.Lock()
	defer s.logins.mu.Unlock()
	refresh := fmt.Sprintf("sim-refresh-of-person-%04d", len(s.logins.persons))
	s.logins.add(refresh)
	return refresh
}

// end ends a login, with all that was granted to it.
func (l *logins) end(p *person) {
	maps.DeleteFunc(l.access, func(_ string, a access) bool { return a.of == p })
	p.refresh = ""
	l.account.Ended++
}

func (l *logins) knows(token string, now time.Time) bool {
	if l.opts.Takes != nil {
		return token != "" && l.opts.Takes(token)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Before(l.access[token].until)
}

// withLogins serves the endpoint for tokens beside the API.
func (s *Server) withLogins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.opts.OAuth == nil || r.URL.Path != "/oauth/token" {
			next.ServeHTTP(w, r)
			return
		}
		s.ledger.add("token")
		if by := s.opts.OAuth.By; by != nil {
			s.logins.count()
			by.ServeHTTP(w, r)
			return
		}
		status, answer := s.logins.serve(r, s.opts.Now())
		body, _ := json.Marshal(answer)
		w.Header().Set("Cache-Control", "no-store")
		send(w, status, body)
	})
}

type fields map[string]any

func denied(code string) (int, fields) {
	if code == "invalid_client" {
		return http.StatusUnauthorized, fields{"error": code}
	}
	return http.StatusBadRequest, fields{"error": code, "error_description": "SimERP says no."}
}

func (l *logins) serve(r *http.Request, now time.Time) (int, fields) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.account.Asked++
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if r.Method != http.MethodPost || id != l.opts.ClientID || secret != l.opts.ClientSecret {
		return denied("invalid_client")
	}
	switch r.PostFormValue("grant_type") {
	case "client_credentials":
		return l.grant(now, nil)
	case "refresh_token":
		return l.renew(r.PostFormValue("refresh_token"), now)
	}
	return denied("unsupported_grant_type")
}

func (l *logins) renew(token string, now time.Time) (int, fields) {
	for _, p := range l.persons {
		at, was := p.ended[token]
		switch {
		case token != "" && token == p.refresh, was && p.refresh != "" && now.Sub(at) < l.opts.Grace:
			return l.grant(now, p)
		case was && p.refresh != "":
			l.account.Reused++
			l.end(p)
		}
	}
	return denied("invalid_grant")
}

func (l *logins) grant(now time.Time, p *person) (int, fields) {
	l.account.Granted++
	token := fmt.Sprintf("sim-access-%04d-of-this-login", l.account.Granted)
	l.access[token] = access{now.Add(l.opts.Life), p}
	answer := fields{"access_token": token, "token_type": "Bearer"}
	if !l.opts.Silent {
		answer["expires_in"] = int(l.opts.Life.Seconds())
	}
	if p != nil && l.opts.Rotates {
		p.ended[p.refresh] = now
		p.refresh = fmt.Sprintf("sim-refresh-%04d-of-this-login", l.account.Granted)
		answer["refresh_token"] = p.refresh
	}
	return http.StatusOK, answer
}
