package flow

import (
	"context"
	"fmt"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// admit begins a run unless as many as may are under way and the flow's document says what then. nil: there is none, and the note says why.
func (s *Service) admit(ctx context.Context, tx *store.Tx, f *store.Flow, doc *lang.Flow, b Begin) (*store.FlowRun, error) {
	n := NoteOf(f)
	if doc.Runs.More != lang.Queue {
		open, err := tx.FlowRunsAhead(ctx, f.ID, doc.Runs.AtOnce)
		if err != nil {
			return nil, err
		}
		switch full := len(open) >= doc.Runs.AtOnce; {
		case full && doc.Runs.More == lang.Skip:
			n.SkippedAt, n.Code, n.Detail = s.Now(), problem.ReasonOthersRun, fmt.Sprintf("The run %s was under way.", open[0].ID)
			return nil, setNote(f, n)
		case full:
			for _, r := range open {
				if err := s.requestCancel(ctx, tx, f.ID, r.ID); err != nil {
					return nil, err
				}
			}
		}
	}
	r, err := s.begin(ctx, tx, f, b)
	if err != nil {
		return nil, err
	}
	n.FiredAt, n.Run, n.Code, n.Detail = s.Now(), r.ID, "", ""
	return r, setNote(f, n)
}
