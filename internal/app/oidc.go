package app

import (
	"fmt"

	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/member/oidc"
	"github.com/busbar-dev/busbar/internal/member/oidcpages"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/site"
)

// otherLogin gives the pages by which members log in at another server, and the address at which that begins; none where no server is set.
func (a *App) otherLogin(s *site.Site, members *member.Service, keeper *secret.Keeper) (routes []site.Route, at string, err error) {
	o := a.opts.OIDC
	if o.OIDCIssuer == "" {
		return nil, "", nil
	}
	way := members.NewOIDC(oidc.Config{
		Issuer: o.OIDCIssuer, ClientID: o.OIDCClientID, Secret: o.OIDCClientSecret, RedirectURI: a.opts.PublicURL + oidcpages.Callback,
		HTTP: a.guard.Client(egress.ClientConfig{Attempts: 1, MaxBody: 1 << 20}),
	}, keeper, a.Store.FirstProject)
	routes, err = oidcpages.New(oidcpages.Config{Site: s, OIDC: way, Cookie: member.Cookie, Now: a.opts.Now, Log: a.opts.Log})
	if err != nil {
		return nil, "", fmt.Errorf("let members log in at %s: %w", o.OIDCIssuer, err)
	}
	return routes, oidcpages.Login, nil
}
