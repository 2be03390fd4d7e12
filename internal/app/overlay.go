package app

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// overlay shows several folders of connectors as one. A connector that stands in two of them is an error: which one holds must
// not depend on an order that nobody sees.
type overlay []fs.FS

// Open gives the file from the folder that has it.
func (o overlay) Open(name string) (fs.File, error) {
	for _, folder := range o {
		f, err := folder.Open(name)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists what the folders have together.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	var all []fs.DirEntry
	for _, folder := range o {
		entries, err := fs.ReadDir(folder, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		all = append(all, entries...)
	}
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return all, nil
}

// check reports a connector that stands in two folders.
func (o overlay) check() error {
	entries, err := o.ReadDir(".")
	if err != nil {
		return fmt.Errorf("list the connectors: %w", err)
	}
	for i := 1; i < len(entries); i++ {
		if entries[i].IsDir() && entries[i].Name() == entries[i-1].Name() {
			return fmt.Errorf("connector %q is there twice: rename yours, the built-in one has that name", entries[i].Name())
		}
	}
	return nil
}
