package api

import (
	"cmp"
	"net"
	"net/http"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
)

// actor is the caller as the audit log names it.
func (c caller) actor(r *http.Request, now time.Time) audit.Actor {
	a := audit.Actor{ProjectID: c.projectID(), RequestID: infoOf(r.Context()).id, Address: hostOf(r), At: now}
	if t := c.principal.Token; t != nil {
		a.Kind, a.ID, a.Name = audit.Token, t.ID, t.Label
		return a
	}
	if m := c.principal.Member; m != nil {
		a.Kind, a.ID, a.Name = audit.Member, m.ID, m.Name
		return a
	}
	a.Kind, a.ID, a.Name = audit.Key, c.principal.Key.ID, c.principal.Key.Label
	return a
}

// hostOf is the network address of whoever sent the request.
func hostOf(r *http.Request) string {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return cmp.Or(host, r.RemoteAddr)
}
