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
