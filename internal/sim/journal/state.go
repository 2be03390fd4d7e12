package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// TakeState reads state.json in dir into state, which is a pointer to what generated data depend on; or writes it, where the directory is new.
func TakeState(name, dir string, state any) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make %s's directory: %w", name, err)
	}
	path := filepath.Join(dir, "state.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return writeState(name, path, state)
	}
	if err == nil {
		err = json.Unmarshal(text, state)
	}
	if err != nil {
		return fmt.Errorf("read %s's state: %w; delete %s to begin anew", name, err, dir)
	}
	return nil
}

// writeState writes beside and renames, so that a crash leaves no half state.
func writeState(name, path string, state any) error {
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "state-*")
	if err != nil {
		return fmt.Errorf("write %s's state: %w", name, err)
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s's state: %w", name, err)
	}
	return nil
}
