package app

import (
	"slices"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/dashboard"
	linkpages "github.com/busbar-dev/busbar/internal/link/pages"
	memberpages "github.com/busbar-dev/busbar/internal/member/pages"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/site"
)

// pages gives the pages for people.
func (a *App) pages(keeper *secret.Keeper) ([]api.Page, error) {
	s, err := site.New(site.Config{Public: a.opts.PublicURL, Now: a.opts.Now, Log: a.opts.Log})
	if err != nil {
		return nil, err
	}
	routes := s.Routes()
	others, other, err := a.otherLogin(s, a.Members, keeper)
	if err != nil {
		return nil, err
	}
	people, err := memberpages.New(memberpages.Config{Site: s, Members: a.Members, Other: other, Now: a.opts.Now, Log: a.opts.Log})
	if err != nil {
		return nil, err
	}
	links, err := linkpages.New(linkpages.Config{Site: s, Links: a.Links, Sealer: keeper, Now: a.opts.Now, Log: a.opts.Log})
	if err != nil {
		return nil, err
	}
	board, err := dashboard.Routes()
	if err != nil {
		return nil, err
	}
	var pages []api.Page
	for _, r := range slices.Concat(routes, people, others, links, board) {
		pages = append(pages, api.Page{Pattern: r.Pattern, Handler: r.Handler})
	}
	return pages, nil
}
