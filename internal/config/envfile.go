package config

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// EnvFile is the name of a file of KEY=VALUE lines that stand in for variables that the environment does not set. Lines that are empty or begin with # are
// ignored, `export ` in front of a key and quotes around a value are taken off.
type EnvFile string

// BeforeResolve lets kong fill flags from the file.
func (EnvFile) BeforeResolve(ctx *kong.Context, trace *kong.Path) error {
	name := string(ctx.FlagValue(trace.Flag).(EnvFile))
	values, err := ReadEnvFile(name)
	if err != nil {
		return err
	}
	ctx.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, f *kong.Flag) (any, error) {
		return fromFile(values, f.Envs), nil
	}))
	return nil
}

// fromFile gives the file's value of the first of these variables, or nil when the file has none or the environment sets one.
func fromFile(values map[string]string, names []string) any {
	for _, n := range names {
		if _, ok := os.LookupEnv(n); ok {
			return nil
		}
		if v, ok := values[n]; ok {
			return v
		}
	}
	return nil
}

// ReadEnvFile gives the variables of an env file. The error wraps fs.ErrNotExist when there is none.
func ReadEnvFile(name string) (map[string]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the env file: %w", err)
	}
	defer f.Close()
	values := map[string]string{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if !ok {
			return nil, fmt.Errorf("%s:%d: write KEY=VALUE", name, n)
		}
		values[strings.TrimSpace(key)] = unquote(strings.TrimSpace(value))
	}
	return values, lines.Err()
}

func unquote(v string) string {
	if len(v) >= 2 && (v[0] == '"' || v[0] == '\'') && v[len(v)-1] == v[0] {
		return v[1 : len(v)-1]
	}
	return v
}
