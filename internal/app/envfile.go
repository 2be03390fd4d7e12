package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/busbar-dev/busbar/internal/config"
)

// line is one variable of an env file.
type line struct{ name, value string }

// writeEnvFile writes the variables so that a reader finds the whole file or none, readable by its owner only.
func writeEnvFile(path string, lines []line) (err error) {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%s=%s\n", l.name, l.value)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.WriteString(b.String()); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// readEnvFile gives the variables of a file that writeEnvFile wrote; none when there is no such file.
func readEnvFile(path string) (map[string]string, error) {
	values, err := config.ReadEnvFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: delete the file and start again; it is written anew", err)
	}
	return values, nil
}
