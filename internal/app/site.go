package app

import (
	"github.com/busbar-dev/busbar/internal/api"
	memberpages "github.com/busbar-dev/busbar/internal/member/pages"
	"github.com/busbar-dev/busbar/internal/site"
)

// pages gives the pages for people.
func (a *App) pages() ([]api.Page, error) {
	s, err := site.New(site.Config{Public: a.opts.PublicURL, Now: a.opts.Now, Log: a.opts.Log})
	if err != nil {
		return nil, err
	}
	routes := s.Routes()
	people, err := memberpages.New(memberpages.Config{Site: s, Members: a.Members, Now: a.opts.Now, Log: a.opts.Log})
	if err != nil {
		return nil, err
	}
	var pages []api.Page
	for _, r := range append(routes, people...) {
		pages = append(pages, api.Page{Pattern: r.Pattern, Handler: r.Handler})
	}
	return pages, nil
}
