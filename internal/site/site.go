// Package site owns what all pages for people share: their frame and style, the project's name, logo and colour on them, their texts in every language, the headers that keep them safe,
// cookies, and how forms are read. It knows no page's contents and calls no service.
package site

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Home is where people are led who asked for no page of their own: the dashboard.
const Home = "/app/"

// Config is what a Site is built from.
type Config struct {
	Public string // address under which people reach this server, without a slash at the end
	Look   Look   // of pages that belong to no project, and of a project's where it sets none
	Now    func() time.Time
	Log    *slog.Logger
}

// Site makes pages. Safe for concurrent use.
type Site struct {
	Config
	texts  map[string]texts // by language
	assets map[string]asset
}

// Route is a page or a file, for http.ServeMux.
type Route struct {
	Pattern string
	Handler http.Handler
}

// New reads the texts and files that are built in.
func New(c Config) (*Site, error) {
	s := &Site{Config: c}
	if s.Look.Name == "" {
		s.Look.Name = "Busbar"
	}
	var err error
	if s.texts, err = loadTexts(); err != nil {
		return nil, err
	}
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	return s, nil
}

// Secure tells whether a browser keeps the cookies of this request to itself: over TLS, which may end at a proxy, or on the machine that it runs on.
func (s *Site) Secure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(s.Public, "https://") || loopback(r.Host)
}

func loopback(host string) bool {
	u := url.URL{Host: host}
	name := u.Hostname()
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.IsLoopback()
}

// Framed tells whether the page is asked for by a frame in another page.
func Framed(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "iframe", "frame":
		return true
	}
	return false
}
