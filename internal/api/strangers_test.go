package api

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/problem"
)

func TestStrangersAreForgotten(t *testing.T) {
	t.Parallel()
	s := newStrangers(Limits{Credentials: 50}.orDefault(), func() time.Time { return time.Time{} })
	for i := range 1000 {
		r := &http.Request{RemoteAddr: fmt.Sprintf("10.0.%d.%d:99", i/250, i%250), Header: http.Header{"Authorization": {fmt.Sprint(i)}}}
		s.note(r, problem.New(problem.InvalidToken, ""))
		s.note(r, nil)
	}
	if len(s.failed) != 50 || len(s.good) != 50 {
		t.Errorf("%d addresses and %d secrets are kept", len(s.failed), len(s.good))
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.7:5000": "192.0.2.7/32", "[::ffff:192.0.2.7]:5000": "192.0.2.7/32", "[2001:db8:1:2:3::4]:5000": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:5000": "fe80::/64", "@": "invalid Prefix",
	} {
		if got := addressOf(&http.Request{RemoteAddr: remote}).String(); got != want {
			t.Errorf("%s: %s", remote, got)
		}
	}
}

// TestManyAddressesTogetherAreBounded: each address has failed once, and then no unknown secret is looked up until some time has passed; known ones are.
func TestManyAddressesTogetherAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	s := newStrangers(Limits{AllFailuresPerSecond: 2, AllFailureBurst: 100}.orDefault(), func() time.Time { return now })
	from := func(i int, secret string) *http.Request {
		return &http.Request{RemoteAddr: fmt.Sprintf("10.0.%d.%d:99", i/250, i%250), Header: http.Header{"Authorization": {secret}}}
	}
	good := from(9999, "good")
	s.note(good, s.admit(good))
	asked := func(n int) (asked int) {
		for i := range n {
			r := from(i, fmt.Sprint(i))
			if s.admit(r) == nil {
				asked++
				s.note(r, problem.New(problem.InvalidToken, ""))
			}
		}
		return asked
	}
	if got := asked(1000); got != 100 {
		t.Errorf("%d unknown secrets were looked up, want 100", got)
	}
	if err := s.admit(good); err != nil {
		t.Errorf("a secret that was accepted is held up by others: %v", err)
	}
	if err := s.admit(from(7000, "unknown")); err == nil || problemOf(err).Code != problem.RateLimited || problemOf(err).RetryAfter == 0 {
		t.Errorf("an unknown secret: %v", err)
	}
	now = now.Add(time.Second)
	fresh := from(7000, "good too")
	if err := s.admit(fresh); err != nil {
		t.Errorf("a secret that is not known yet, a second later: %v", err)
	}
	s.note(fresh, nil)
	if got := asked(1000); got != 2 {
		t.Errorf("%d unknown secrets were looked up in a second, want 2", got)
	}
	if err := s.admit(fresh); err != nil {
		t.Errorf("it is known now: %v", err)
	}
}
