package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

// shares are the directories of this machine that connections may use: the project of whoever runs Busbar has the one of --files, any other the one in it that is named like
// the project's id. Safe for concurrent use.
type shares struct {
	root  *os.Root // nil: none
	store *store.Store

	mu    sync.Mutex
	first string
	roots map[string]*os.Root // of other projects
}

// openShares opens the directory of --files; none is named by the empty text.
func openShares(dir string, st *store.Store) (*shares, error) {
	s := &shares{store: st, roots: map[string]*os.Root{}}
	if dir == "" {
		return s, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the directory of --files: %w", err)
	}
	s.root = root
	return s, nil
}

// of gives a project's directory; nil when it has none.
func (s *shares) of(projectID string) driver.Files {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.root == nil {
		return nil
	}
	if s.isFirst(projectID) {
		return whole{s.root, s.store, projectID}
	}
	if root := s.further(projectID); root != nil {
		return root
	}
	return nil
}

// further gives the directory of another project than the first; nil when it has none.
func (s *shares) further(projectID string) *os.Root {
	root := s.roots[projectID]
	if root == nil {
		var err error
		if root, err = s.root.OpenRoot(projectID); err != nil {
			return nil
		}
		s.roots[projectID] = root
	}
	return root
}

// isFirst tells whether it is the project of whoever runs Busbar; one that cannot be looked up is not.
func (s *shares) isFirst(projectID string) bool {
	if s.first == "" {
		s.first, _ = s.store.FirstProject(context.Background())
	}
	return s.first != "" && s.first == projectID
}

// whole is the directory of --files for the first project, without those of other projects.
type whole struct {
	*os.Root
	store   *store.Store
	project string
}

// OpenRoot implements driver.Files.
func (w whole) OpenRoot(name string) (*os.Root, error) {
	first, _, _ := strings.Cut(filepath.ToSlash(filepath.Clean(name)), "/")
	if id := strings.ToLower(first); id != w.project {
		if _, err := w.store.Project(context.Background(), id); !errors.Is(err, store.ErrNotFound) {
			return nil, errors.Join(errAnothers, err)
		}
	}
	return w.Root.OpenRoot(name)
}

var errAnothers = errors.New("the directory is another project's")

func (s *shares) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, root := range s.roots {
		errs = append(errs, root.Close())
	}
	if s.root != nil {
		errs = append(errs, s.root.Close())
	}
	s.root, s.roots = nil, map[string]*os.Root{}
	return errors.Join(errs...)
}
