package archtest

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
)

var sqlText = regexp.MustCompile(`(?s)^\s*(select\s.+\sfrom\s.+|select\s+[0-9].*|insert\s+(or\s+\w+\s+)?into\s.+|update\s+\w+\s+set\s.+|delete\s+from\s.+|` +
	`(create|alter|drop)\s+(unique\s+|virtual\s+|temp\s+)?(table|index|trigger|view)\s.+|pragma\s+\w+.*|begin\s+(immediate|deferred|exclusive).*|vacuum(\s+into.*)?)$`)

// isSQL leaves sentences alone: "Select a system from the list" begins with a capital.
func isSQL(text string) bool {
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	return (first == strings.ToLower(first) || first == strings.ToUpper(first)) && sqlText.MatchString(strings.ToLower(text))
}

// holdSQL are the folders with SQL: that of our own database, and that of the driver that speaks to databases of customers.
func holdSQL() []string { return []string{"internal/store", "internal/driver/sqldb"} }

func onlyStoreHoldsSQL(t *tree) []string {
	var found []string
	for _, f := range t.production() {
		if under(f.dir, holdSQL()...) {
			continue
		}
		f.texts(func(n ast.Node, text string) {
			if isSQL(text) {
				found = append(found, fmt.Sprintf("%s: %s holds SQL (%.40q); only internal/store does", t.at(n), f.dir, text))
			}
		})
	}
	return found
}

// owner names the packages that may import a library.
type owner struct {
	library string // import path, or the beginning of it
	folders []string
}

func owners() []owner {
	return []owner{
		{"github.com/tink-crypto", []string{"internal/secret"}},
		{"crypto/aes", []string{"internal/secret"}},
		{"crypto/cipher", []string{"internal/secret"}},
		{"github.com/riverqueue", []string{"internal/jobs"}},
		{"modernc.org/sqlite", []string{"internal/store"}},
		{"github.com/pressly/goose", []string{"internal/store"}},
		{"database/sql", []string{"internal/store", "internal/jobs", "internal/driver/sqldb"}},
		{"github.com/go-sql-driver/mysql", []string{"internal/driver/sqldb"}},
		{"github.com/microsoft/go-mssqldb", []string{"internal/driver/sqldb"}},
		{"github.com/sijms/go-ora", []string{"internal/driver/sqldb"}},
		{"github.com/danielgtaylor/huma", []string{"internal/api"}},
		{"github.com/alecthomas/kong", []string{"internal/cli", "internal/config"}},
		{"github.com/pkg/sftp", []string{"internal/driver/file"}},
		{"golang.org/x/crypto/ssh", []string{"internal/driver/file", "internal/realsys/sshd"}},
		{"github.com/miekg/dns", []string{"internal/sim/dns"}},
		{"github.com/coreos/go-oidc", []string{"internal/member/oidc"}},
		{"golang.org/x/oauth2", []string{"internal/member/oidc"}},
		{"github.com/robfig/cron", []string{"internal/schedule"}},
		{"github.com/standard-webhooks/standard-webhooks", []string{"internal/flow/hook"}},
		{"net/smtp", []string{"internal/flow/outside"}},
		{"github.com/yuin/goldmark", []string{"internal/link/pages"}},
		{"github.com/expr-lang/expr", []string{"internal/manifest", "internal/mapping", "internal/flow/lang"}},
	}
}

func librariesHaveOneOwner(t *tree) []string {
	var found []string
	for _, f := range t.production() {
		for _, o := range owners() {
			if under(f.dir, o.folders...) {
				continue
			}
			for _, spec := range f.syntax.Imports {
				if strings.HasPrefix(strings.Trim(spec.Path.Value, `"`), o.library) {
					found = append(found, fmt.Sprintf("%s: %s imports %s; only %s does", t.at(spec), f.dir, o.library, strings.Join(o.folders, " and ")))
				}
			}
		}
	}
	return found
}

// goesOut lists the names that open connections.
func goesOut(pkg, name string) bool {
	switch pkg {
	case "net":
		return strings.HasPrefix(name, "Dial")
	case "crypto/tls":
		return name == "Dial" || name == "DialWithDialer" || name == "Dialer"
	case "net/http":
		return slices.Contains([]string{"Get", "Head", "Post", "PostForm", "DefaultClient", "DefaultTransport"}, name)
	}
	return false
}

// ownClients are the files besides internal/egress that may go out: the command line calls the user's own server, and who asks the name server of tests its own.
func ownClients() []string { return []string{"internal/cli/client.go", "internal/sim/dns/dns.go"} }

func onlyEgressGoesOut(t *tree) []string {
	var found []string
	for _, f := range t.production() {
		if under(f.dir, "internal/egress") || slices.Contains(ownClients(), f.path) {
			continue
		}
		report := func(n ast.Node, what string) {
			found = append(found, fmt.Sprintf("%s: %s uses %s; only internal/egress opens outbound connections", t.at(n), f.dir, what))
		}
		f.uses(func(n ast.Node, pkg, name string) {
			if goesOut(pkg, name) {
				report(n, path.Base(pkg)+"."+name)
			}
		})
		f.makes(func(n ast.Node, pkg, name string) {
			if pkg == "net/http" && (name == "Client" || name == "Transport") {
				report(n, "http."+name+"{}")
			}
		})
	}
	return found
}

// tlsIsChecked finds what would speak TLS without checking who answers, by its name, wherever it is set.
func tlsIsChecked(t *tree) []string {
	var found []string
	for _, f := range t.production() {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && slices.Contains([]string{"InsecureSkipVerify", "TrustServerCertificate", "InsecureIgnoreHostKey"}, id.Name) {
				found = append(found, fmt.Sprintf("%s: %s uses %s; who answers is always checked, a connection brings its own trust (internal/trust)", t.at(n), f.dir, id.Name))
			}
			return true
		})
	}
	return found
}

// makes calls fn for every composite literal and every new() of an imported type.
func (f *file) makes(fn func(n ast.Node, pkg, name string)) {
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		var typ ast.Expr
		switch n := n.(type) {
		case *ast.CompositeLit:
			typ = n.Type
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "new" && len(n.Args) == 1 {
				typ = n.Args[0]
			}
		}
		if sel, ok := typ.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && f.imports[id.Name] != "" {
				fn(n, f.imports[id.Name], sel.Sel.Name)
			}
		}
		return true
	})
}

var envTag = regexp.MustCompile(`\benv:"`)

func onlyConfigReadsTheEnvironment(t *tree) []string {
	var found []string
	names := []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv", "Clearenv"}
	for _, f := range t.production() {
		if under(f.dir, "internal/config") {
			continue
		}
		f.uses(func(n ast.Node, pkg, name string) {
			if pkg == "os" && slices.Contains(names, name) {
				found = append(found, fmt.Sprintf("%s: %s uses os.%s; only internal/config reads the environment", t.at(n), f.dir, name))
			}
		})
		f.texts(func(n ast.Node, text string) {
			if envTag.MatchString(text) {
				found = append(found, fmt.Sprintf("%s: %s has an env tag; settings belong in internal/config", t.at(n), f.dir))
			}
		})
	}
	return found
}

func onlyCommandsExit(t *tree) []string {
	var found []string
	for _, f := range t.production() {
		if under(f.dir, "cmd") {
			continue
		}
		f.uses(func(n ast.Node, pkg, name string) {
			if (pkg == "os" || pkg == "syscall") && name == "Exit" || pkg == "log" && (strings.HasPrefix(name, "Fatal") || strings.HasPrefix(name, "Panic")) {
				found = append(found, fmt.Sprintf("%s: %s uses %s.%s; only cmd exits, return an error", t.at(n), f.dir, pkg, name))
			}
		})
	}
	return found
}

var word = regexp.MustCompile(`[a-z0-9-]+`)

// driversKnowNoSystems looks in drivers for the names of connectors (folders with a manifest), as whole lower-case words.
func driversKnowNoSystems(t *tree) []string {
	var systems, found []string
	for _, p := range t.paths {
		if strings.HasPrefix(p, "connectors/") && path.Base(p) == "manifest.yaml" {
			systems = append(systems, path.Base(path.Dir(p)))
		}
	}
	for _, f := range t.production() {
		if !under(f.dir, "internal/driver") {
			continue
		}
		f.texts(func(n ast.Node, text string) {
			for _, w := range word.FindAllString(text, -1) {
				if slices.Contains(systems, w) {
					found = append(found, fmt.Sprintf("%s: %s names the system %s; drivers know protocols, systems are manifests", t.at(n), f.dir, w))
				}
			}
		})
	}
	return found
}

func connectorsHoldNoGo(t *tree) []string {
	var found []string
	for _, f := range t.files {
		if under(f.dir, "connectors") && f.path != "connectors/connectors.go" && (!f.test || f.dir != "connectors") {
			found = append(found, fmt.Sprintf("%s: a connector is data; connectors/connectors.go and the connectors' tests beside it are the only Go there", f.path))
		}
	}
	return found
}
