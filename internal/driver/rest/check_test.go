package rest_test

import (
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/manifest"
)

func TestCheckNamesEveryProblem(t *testing.T) {
	t.Parallel()
	const none = `paging: {style: none}`
	for _, c := range []struct {
		name, connect, read string
		cursor              bool
		want                string // part of a problem; "" for none
	}{
		{"sound", plainConnect, `{path: v, ` + none + `}`, false, ""},
		{"no address", `{auth: {style: bearer, token: x}, probe: {path: p}}`, `{path: v, ` + none + `}`, false, "connect.url: is missing"},
		{"plain http", `{url: "http://x", auth: {style: bearer, token: "{key}"}, probe: {path: p}}`, `{path: v, ` + none + `}`, false, "connect.url: is not an address"},
		{"secret in the address", `{url: "{url}/{key}", auth: {style: bearer, token: "{key}"}, probe: {path: p}}`, `{path: v, ` + none + `}`, false, "{key} is secret"},
		{"unknown field", `{url: "{url}", auth: {style: bearer, token: "{kee}"}, probe: {path: p}}`, `{path: v, ` + none + `}`, false, "connect.auth.token: {kee} is not a field"},
		{"unknown style", `{url: "{url}", auth: {style: digest}, probe: {path: p}}`, `{path: v, ` + none + `}`, false, `unknown word "digest"`},
		{"basic without password", `{url: "{url}", auth: {style: basic, username: "{user}"}, probe: {path: p}}`, `{path: v, ` + none + `}`, false, "the style basic needs password"},
		{"tokens by a client", oauth(`grant: client_credentials, client_id: "{user}", client_secret: "{key}", scope: "read write", client_auth: body`), `{path: v, ` + none + `}`, false, ""},
		{"tokens of a public client", oauth(`grant: refresh_token, client_id: "{user}", refresh_token: "{key}"`), `{path: v, ` + none + `}`, false, ""},
		{"tokens without a grant", oauth(`client_id: "{user}", client_secret: "{key}"`), `{path: v, ` + none + `}`, false, "connect.auth.grant: the style oauth2 needs grant"},
		{"tokens by an unknown grant", oauth(`grant: password, client_id: "{user}", client_secret: "{key}"`), `{path: v, ` + none + `}`, false, `unknown word "password"`},
		{"tokens of nobody", oauth(`grant: client_credentials, client_secret: "{key}"`), `{path: v, ` + none + `}`, false, "the style oauth2 needs client_id"},
		{"a client without a secret", oauth(`grant: client_credentials, client_id: "{user}"`), `{path: v, ` + none + `}`, false, "the style oauth2 needs client_secret"},
		{"a refresh token for nothing", oauth(`grant: client_credentials, client_id: "{user}", client_secret: "{key}", refresh_token: "{key}"`), `{path: v, ` + none + `}`, false, "the grant client_credentials has no use for refresh_token"},
		{"no refresh token", oauth(`grant: refresh_token, client_id: "{user}"`), `{path: v, ` + none + `}`, false, "the grant refresh_token needs refresh_token"},
		{"a secret that is shown", oauth(`grant: client_credentials, client_id: "{user}", client_secret: "{user}"`), `{path: v, ` + none + `}`, false, "connect.auth.client_secret: {user} is not secret"},
		{"a secret in the address of tokens", strings.Replace(oauth(`grant: client_credentials, client_id: "{user}", client_secret: "{key}"`), "{url}/token", "{url}/{key}", 1), `{path: v, ` + none + `}`, false, "connect.auth.token_url: {key} is secret"},
		{"an address of tokens in plain http", strings.Replace(oauth(`grant: client_credentials, client_id: "{user}", client_secret: "{key}"`), "{url}/token", "http://x/token", 1), `{path: v, ` + none + `}`, false, "connect.auth.token_url: is not an address"},
		{"an unknown place for the client", oauth(`grant: client_credentials, client_id: "{user}", client_secret: "{key}", client_auth: header`), `{path: v, ` + none + `}`, false, `unknown word "header"`},
		{"tokens of another style", `{url: "{url}", auth: {style: bearer, token: "{key}", token_url: "{url}"}, probe: {path: p}}`, `{path: v, ` + none + `}`, false, "the style bearer has no use for token_url"},
		{"unknown kind", `{url: "{url}", auth: {style: bearer, token: "{key}"}, probe: {path: p}, errors: {kinds: {a: b}}}`, `{path: v, ` + none + `}`, false, `connect.errors.kinds.a: unknown word "b"`},
		{"a wrong expression", withErrors(`sentences: [{like: "(", means: done}]`), `{path: v, ` + none + `}`, false, "is not a regular expression"},
		{"an unknown meaning", withErrors(`sentences: [{like: "x", means: maybe}]`), `{path: v, ` + none + `}`, false, `connect.errors.sentences.0.means: unknown word "maybe"`},
		{"sound sentences", withErrors(`sentences: [{like: "x", means: done}, {like: "y", means: permission}]`), `{path: v, ` + none + `}`, false, ""},
		{"text of an offset", plainConnect, `{path: v, paging: {style: offset, param: o, text: "x {}"}}`, false, "the style offset has no use for text"},
		{"from of a page", plainConnect, `{path: v, paging: {style: page, param: o, from: "1"}}`, false, "the style page has no use for from"},
		{"a keyset without place", plainConnect, `{path: v, paging: {style: keyset, param: o, key: id, text: "id > 0"}}`, false, "has no place for the key"},
		{"conditions without place", plainConnect, `{path: v, joined: {param: q, with: ",", around: "[]"}, ` + none + `}`, false, "has no place for the conditions"},
		{"conditions of no parameter", plainConnect, `{path: v, joined: {with: ","}, ` + none + `}`, false, "joined.param: is missing"},
		{"an unknown other", plainConnect, `{path: v, one: {path: "v/{id}", other: merged}, ` + none + `}`, false, `unknown word "merged"`},
		{"no paging", plainConnect, `{path: v}`, false, "entities.vendors.read.paging.style: is missing"},
		{"misspelt key", plainConnect, `{path: v, recods: data, ` + none + `}`, false, "did you mean records?"},
		{"cursor without next", plainConnect, `{path: v, paging: {style: cursor, param: c}}`, false, "the style cursor needs next"},
		{"offset with next", plainConnect, `{path: v, paging: {style: offset, param: o, next: n}}`, false, "the style offset has no use for next"},
		{"short without size", plainConnect, `{path: v, paging: {style: offset, param: o, end: short}}`, false, "a short page is known only"},
		{"size without paging", plainConnect, `{path: v, paging: {style: none, size: n}}`, false, "the style none has no use for size"},
		{"max without size", plainConnect, `{path: v, paging: {style: offset, param: o, max: 50}}`, false, "add size, or remove max"},
		{"pages of a keyset", plainConnect, `{path: v, paging: {style: keyset, param: k, key: id, pages: p}}`, false, "the style keyset has no use for pages"},
		{"first of an offset", plainConnect, `{path: v, paging: {style: offset, param: o, first: 0}}`, false, "the style offset has no use for first"},
		{"more of a link", plainConnect, `{path: v, paging: {style: link, next: n, more: m}}`, false, "the style link has no use for more"},
		{"short cursor", plainConnect, `{path: v, paging: {style: cursor, param: c, next: n, size: s, end: short}}`, false, "the style cursor has no use for end"},
		{"unknown field in the probe", `{url: "{url}", auth: {style: bearer, token: "{key}"}, probe: {path: p, query: {a: "{kee}"}}}`, `{path: v, ` + none + `}`, false, "connect.probe.query.a: {kee} is not a field"},
		{"secret in newest", plainConnect, `{path: v, newest: {query: {a: "{key}"}}, ` + none + `}`, false, "newest.query.a: {key} is secret"},
		{"unknown format", plainConnect, `{path: v, changed_since: {param: s, format: iso}, ` + none + `}`, false, `changed_since.format: unknown word "iso"`},
		{"text without place", plainConnect, `{path: v, changed_since: {param: s, text: "x > y"}, ` + none + `}`, false, "has no place for the time"},
		{"body with GET", plainConnect, `{path: v, body: "{}", ` + none + `}`, false, "goes with method: POST"},
		{"cursor without filter", plainConnect, `{path: v, order: modified, ` + none + `}`, true, "no filter for changes"},
		{"cursor without order", plainConnect, `{path: v, changed_since: {param: s}, ` + none + `}`, true, "nothing tells how far a run has come"},
		{"cursor with newest", plainConnect, `{path: v, changed_since: {param: s}, newest: {query: {sort: x}}, ` + none + `}`, true, ""},
		{"history nobody uses", plainConnect, `{path: v, history: {param: h}, ` + none + `}`, false, "is never used"},
		{"inclusive without size", plainConnect, `{path: v, paging: {style: keyset, param: k, key: id, inclusive: true}}`, false, "add size"},
		{"inclusive and short", plainConnect, `{path: v, paging: {style: keyset, param: k, key: id, size: n, end: short, inclusive: true}}`, false, "shows by itself"},
		{"inclusive offset", plainConnect, `{path: v, paging: {style: offset, param: o, size: n, inclusive: true}}`, false, "the style offset has no use for inclusive"},
		{"drifting offset", plainConnect, `{path: v, paging: {style: offset, param: o, drifts: true}}`, false, "the style offset has no use for drifts"},
		{"each of a negative number", plainConnect, `{path: v, each: -1, ` + none + `}`, false, "is no number of calls"},
		{"secret in a repeated parameter", plainConnect, `{path: v, repeat: {a: [x, "{key}"]}, ` + none + `}`, false, "repeat.a: {key} is secret"},
		{"secret in a repeated parameter of one", plainConnect, `{path: v, one: {path: "v/{id}", repeat: {a: ["{key}"]}}, ` + none + `}`, false, "one.repeat.a: {key} is secret"},
		{"lists are laid under", strings.Replace(plainConnect, "errors:", "lists: {paging: {style: cursor, param: c, next: n}, changed_since: {param: s}, order: modified}, errors:", 1), `{path: v}`, true, ""},
		{"and replaced key by key", strings.Replace(plainConnect, "errors:", "lists: {paging: {style: cursor, param: c, next: n}}, errors:", 1), `{path: v, ` + none + `}`, false, ""},
	} {
		s, e := system(t, c.connect, c.read)
		if c.cursor {
			e.Cursor = &manifest.Cursor{}
		}
		problems := rest.New().Check(s)
		if (c.want == "") != (len(problems) == 0) || !strings.Contains(problems.Error(), c.want) {
			t.Errorf("%s: %s", c.name, problems.Error())
		}
		for _, p := range problems {
			if p.Pos.Line == 0 || p.Pos.File == "" {
				t.Errorf("%s: no position: %+v", c.name, p)
			}
		}
	}
}

// withErrors is a sound connection with rules for errors.
func withErrors(rules string) string {
	return `{url: "{url}", auth: {style: bearer, token: "{key}"}, probe: {path: p}, errors: {` + rules + `}}`
}
