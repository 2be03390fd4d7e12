package flow

import (
	"context"
	"fmt"
	"sync"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
)

// programs keeps compiled versions of flows: a version never changes.
type programs struct {
	mu   sync.Mutex
	kept map[version]*machine.Program
}

type version struct {
	flow string
	n    int64
}

// manyPrograms bounds what is kept; then all are forgotten, which costs a compilation each.
const manyPrograms = 1000

// program gives the compiled version of a flow.
func (s *Service) program(ctx context.Context, flow string, n int64) (*machine.Program, error) {
	v := version{flow, n}
	s.programs.mu.Lock()
	p := s.programs.kept[v]
	s.programs.mu.Unlock()
	if p != nil {
		return p, nil
	}
	row, err := s.Store.FlowVersion(ctx, flow, n)
	if err != nil {
		return nil, fmt.Errorf("read version %d of flow %s: %w", n, flow, err)
	}
	f, err := lang.Parse("flow.yaml", []byte(row.Document))
	if err != nil {
		return nil, fmt.Errorf("read version %d of flow %s: %w", n, flow, err)
	}
	p = machine.New(f)
	s.programs.mu.Lock()
	defer s.programs.mu.Unlock()
	if s.programs.kept == nil || len(s.programs.kept) >= manyPrograms {
		s.programs.kept = map[version]*machine.Program{}
	}
	s.programs.kept[v] = p
	return p, nil
}
