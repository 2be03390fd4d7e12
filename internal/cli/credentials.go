package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/go-json-experiment/json"
)

// credentialFlags is how a login is given for a running Busbar: besides, by answers to questions about what is missing.
type credentialFlags struct {
	AuthMethod string `name:"auth-method" placeholder:"METHOD" help:"One of the system's ways to log in. Default: its first."`
	loginFlags `embed:""`
}

// loginFlags is how a login is given: in a file and by flags.
type loginFlags struct {
	Credential      []string `placeholder:"NAME=VALUE" sep:"none" help:"A field of the login. Repeat the flag. For secrets prefer --credentials-file or the question on the terminal: a flag stays in the shell's history."`
	CredentialsFile string   `name:"credentials-file" placeholder:"FILE" help:"JSON object of field names and values; - reads standard input."`
}

// credentialField is one input of a system's login form.
type credentialField struct {
	Name     string `json:"name"`
	Label    string `json:"label"`
	Secret   bool   `json:"secret"`
	Required bool   `json:"required"`
	Default  string `json:"default"`
	Example  string `json:"example"`
}

type authMethod struct {
	Method string            `json:"method"`
	Fields []credentialField `json:"fields"`
}

// read gathers the login; on a terminal it asks for required fields that are missing, secrets without echo.
func (f *credentialFlags) read(ctx context.Context, c *client, s *Streams, system string) (map[string]string, error) {
	values, err := f.values(s.In)
	if err != nil {
		return nil, err
	}
	if !s.Terminal.In || f.CredentialsFile == "-" {
		return values, nil
	}
	method, err := f.method(ctx, c, system)
	if err != nil {
		return nil, err
	}
	return values, askMissing(s, method.Fields, values)
}

// values gathers what the file and the flags give; a flag goes before the file. What is no NAME=VALUE may be a secret, and is not repeated.
func (f *loginFlags) values(stdin io.Reader) (map[string]string, error) {
	values, err := f.fromFile(stdin)
	if err != nil {
		return nil, err
	}
	for _, one := range f.Credential {
		name, value, ok := strings.Cut(one, "=")
		if !ok || name == "" {
			return nil, usage{errors.New("--credential: write NAME=VALUE, such as username=busbar")}
		}
		values[name] = value
	}
	return values, nil
}

func (f *loginFlags) fromFile(stdin io.Reader) (map[string]string, error) {
	values := map[string]string{}
	if f.CredentialsFile == "" {
		return values, nil
	}
	in := stdin
	if f.CredentialsFile != "-" {
		file, err := os.Open(f.CredentialsFile)
		if err != nil {
			return nil, usage{fmt.Errorf("read the credentials: %w", err)}
		}
		defer file.Close()
		in = file
	}
	if err := json.UnmarshalRead(in, &values); err != nil {
		return nil, usage{fmt.Errorf("read the credentials: write a JSON object of texts, such as {\"username\": \"busbar\"}: %w", err)}
	}
	return values, nil
}

// method asks the API which fields the chosen way to log in has.
func (f *credentialFlags) method(ctx context.Context, c *client, system string) (authMethod, error) {
	one, _, err := get[systemShape](ctx, c, request{method: http.MethodGet, path: "/systems/" + url.PathEscape(system), who: aKey})
	if err != nil {
		return authMethod{}, err
	}
	for _, m := range one.Auth {
		if f.AuthMethod == "" || m.Method == f.AuthMethod {
			return m, nil
		}
	}
	return authMethod{}, usage{fmt.Errorf("%s has no way to log in called %q; `busbar system get %s` shows them", system, f.AuthMethod, system)}
}

func askMissing(s *Streams, fields []credentialField, values map[string]string) error {
	lines := bufio.NewReader(s.In)
	for _, field := range fields {
		if values[field.Name] != "" || !field.Required {
			continue
		}
		v, err := askField(s, lines, field)
		if err != nil {
			return fmt.Errorf("read %s: %w", field.Label, err)
		}
		values[field.Name] = v
	}
	return nil
}

func askField(s *Streams, lines *bufio.Reader, f credentialField) (string, error) {
	fmt.Fprint(s.Err, f.question())
	if f.Secret {
		v, err := s.Secret()
		fmt.Fprintln(s.Err)
		return v, err
	}
	line, err := lines.ReadString('\n')
	if v := strings.TrimSpace(line); v != "" || err != nil {
		return v, err
	}
	return f.Default, nil
}

func (f credentialField) question() string {
	switch {
	case f.Default != "":
		return fmt.Sprintf("%s [%s]: ", f.Label, f.Default)
	case f.Example != "":
		return fmt.Sprintf("%s (such as %s): ", f.Label, f.Example)
	}
	return f.Label + ": "
}
