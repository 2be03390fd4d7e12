// Package login owns how the requests of drivers that speak HTTP prove who asks: in headers, by OAuth 2.0, by a session that the system opens, by a signature. It knows HTTP and no protocol above it; the
// options are documented in docs/connectors/auth.md.
package login

import (
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// The styles.
const (
	none    = "none"
	basic   = "basic"
	bearer  = "bearer"
	header  = "header"
	query   = "query"
	oauth2  = "oauth2"
	session = "session"
	signed  = "hmac"
)

// Options are what a driver inlines into its `connect:` section.
type Options struct {
	Auth   Auth            `yaml:"auth"`
	Logins map[string]Auth `yaml:"logins"` // by method of the manifest's auth, in place of Auth
}

// Auth says how each request proves who asks. Texts with {name} take the field of the login of that name.
type Auth struct {
	Style    string            `yaml:"style" manifest:"required" words:"none,basic,bearer,header,query,oauth2,session,hmac"`
	Username string            `yaml:"username"` // basic; session: of the call that logs in
	Password string            `yaml:"password"` // likewise
	Token    string            `yaml:"token"`    // bearer
	Name     string            `yaml:"name"`     // header, query: what the header or parameter is called
	Value    string            `yaml:"value"`    // header, query
	Headers  map[string]string `yaml:"headers"`  // header: several of them

	OAuth   `yaml:",inline"`
	Session *Session   `yaml:"session"`
	HMAC    *Signature `yaml:"hmac"`
}

// OAuth is what the style oauth2 has besides.
type OAuth struct {
	TokenURL        string            `yaml:"token_url"`
	Grant           string            `yaml:"grant" words:"client_credentials,refresh_token,authorization_code"`
	ClientID        string            `yaml:"client_id"`
	ClientSecret    string            `yaml:"client_secret"` // a public client has none
	RefreshToken    string            `yaml:"refresh_token"` // the first one; the system may replace it with each renewal
	Scope           string            `yaml:"scope"`
	ClientAuth      string            `yaml:"client_auth" words:"basic,body,private_key_jwt"` // default basic
	TokenParams     map[string]string `yaml:"token_params"`                                   // more of each request for tokens
	Assertion       *Assertion        `yaml:"assertion"`                                      // private_key_jwt
	AuthorizeURL    string            `yaml:"authorize_url"`                                  // authorization_code: where a person logs in
	AuthorizeParams map[string]string `yaml:"authorize_params"`                               // more parameters of it
	Issuer          string            `yaml:"issuer"`                                         // what the answer to it must name
}

// Assertion is the signed statement by which a client says who it is (RFC 7523).
type Assertion struct {
	Key         string            `yaml:"key" manifest:"required"`             // private, PEM
	Certificate string            `yaml:"certificate"`                         // PEM; it is named by its hash
	KeyID       string            `yaml:"key_id"`                              //
	Algorithm   string            `yaml:"algorithm" words:"RS256,PS256,ES256"` // default: as the key is
	Audience    string            `yaml:"audience"`                            // default token_url
	Claims      map[string]string `yaml:"claims"`                              // besides those of RFC 7523
}

// Session is a login that the system answers with a token or a cookie.
type Session struct {
	URL     string                   `yaml:"url" manifest:"required"`
	Method  string                   `yaml:"method" words:"POST,PUT,GET"` // default POST
	Body    map[string]any           `yaml:"body"`                        // JSON
	Form    map[string]string        `yaml:"form"`                        // instead
	Headers map[string]string        `yaml:"headers"`                     //
	Accepts []int                    `yaml:"accepts"`                     // statuses besides 2xx of a login that is good
	Denied  []int                    `yaml:"denied"`                      // statuses besides 401 of one that is refused
	Take    map[string]manifest.Path `yaml:"take"`                        // name: where the answer has what Send takes
	TakeOf  map[string]string        `yaml:"take_headers"`                // name: header of the answer
	Cookies bool                     `yaml:"cookies"`                     // the answer's cookies stand on each request
	Send    map[string]string        `yaml:"send"`                        // headers of each request
	Life    time.Duration            `yaml:"life"`                        // absent: until the system does not know it any more
	Ends    manifest.Path            `yaml:"ends"`                        // where the answer has the time at which it ends
	Over    Over                     `yaml:"over"`                        // how the system says that it does not know it any more
	Logout  *Logout                  `yaml:"logout"`
}

// Over is how an answer says, besides by 401, that a session has ended and nobody looked at the request.
type Over struct {
	Statuses []int    `yaml:"statuses"`
	Words    []string `yaml:"words"` // one of them stands in an answer that is no 2xx
}

// Logout is the call that ends a session.
type Logout struct {
	URL    string `yaml:"url" manifest:"required"`
	Method string `yaml:"method" words:"POST,DELETE,GET"` // default POST
}

// Signature says how requests are signed with a shared key.
type Signature struct {
	Key       string            `yaml:"key" manifest:"required"`
	KeyIs     string            `yaml:"key_is" words:"text,hex,base64"`       // default text
	Algorithm string            `yaml:"algorithm" words:"sha256,sha512,sha1"` // default sha256
	Sign      string            `yaml:"sign" manifest:"required"`             // what is signed
	Output    string            `yaml:"output" words:"hex,base64"`            // default hex
	Time      web.Format        `yaml:"time"`                                 // default unix
	Headers   map[string]string `yaml:"headers" manifest:"required"`          // of each request
	Query     map[string]string `yaml:"query"`                                // parameters of each request, signed with it
}

// of gives the login of a method; the first method's when it is empty.
func (o Options) of(s *manifest.System, method string) (Auth, []string) {
	if method == "" && len(s.Auth) > 0 {
		method = s.Auth[0].Method
	}
	if a, ok := o.Logins[method]; ok {
		return a, []string{"logins", method}
	}
	return o.Auth, []string{"auth"}
}

// isRenewed tells whether tokens of a person's login are renewed by a refresh token.
func (o OAuth) isRenewed() bool { return o.Grant == byRefresh || o.Grant == byCode }

// secretTexts lists the texts that the login stands on, the most telling first.
func (a Auth) secretTexts() []string {
	all := []string{a.Token, a.Password, a.Value, a.RefreshToken, a.ClientSecret}
	if a.Assertion != nil {
		all = append(all, a.Assertion.Key)
	}
	for _, name := range sorted(a.Headers) {
		all = append(all, a.Headers[name])
	}
	if s := a.Session; s != nil {
		for _, name := range sorted(s.Form) {
			all = append(all, s.Form[name])
		}
		all = append(all, textsIn(s.Body)...)
		for _, name := range sorted(s.Headers) {
			all = append(all, s.Headers[name])
		}
	}
	if a.HMAC != nil {
		all = append(all, a.HMAC.Key)
	}
	return all
}

// textsIn lists the texts in a JSON value, in order of its keys.
func textsIn(value any) (all []string) {
	switch v := value.(type) {
	case string:
		return []string{v}
	case map[string]any:
		for _, name := range sorted(v) {
			all = append(all, textsIn(v[name])...)
		}
	case []any:
		for _, item := range v {
			all = append(all, textsIn(item)...)
		}
	}
	return all
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
