package connection

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// sameInstance refuses a login that leads to another instance of the system than c's: ids of two instances are alike, so records of one would pass for
// records of the other, and cursors of one mean nothing in the other.
func (l login) sameInstance(c *store.Connection) error {
	var differ []string
	for _, f := range l.identity(c.AuthMethod) {
		if !sameValue(f, cmp.Or(c.Public[f.Name], f.Default), l.values[f.Name]) {
			differ = append(differ, f.Name)
		}
	}
	if len(differ) == 0 {
		return nil
	}
	return problem.Newf(problem.Conflict, "These credentials lead to another instance of %s (%s). Connect it as a new connection. "+
		"If the same instance has only moved, say so with `same_instance: true`.", l.system.Name, strings.Join(differ, ", "))
}

// identity gives the fields that tell instances apart: those of this way to log in and of the one in use.
func (l login) identity(inUse string) []manifest.CredentialField {
	var out []manifest.CredentialField
	for _, m := range l.system.Auth {
		if m.Method != l.method.Method && m.Method != inUse {
			continue
		}
		for _, f := range m.Fields {
			if f.Identity && !slices.ContainsFunc(out, func(known manifest.CredentialField) bool { return known.Name == f.Name }) {
				out = append(out, f)
			}
		}
	}
	return out
}

func sameValue(f manifest.CredentialField, a, b string) bool {
	return a == b || f.Type == "url" && plainAddress(a) == plainAddress(b)
}

// plainAddress writes an address in the one way in which equal ones are equal texts.
func plainAddress(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	u.Scheme = strings.ToLower(u.Scheme)
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	u.Host = net.JoinHostPort(strings.ToLower(u.Hostname()), port)
	return strings.TrimRight(u.String(), "/")
}
