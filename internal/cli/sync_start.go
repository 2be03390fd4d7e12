package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

type syncStartCmd struct {
	Entities []string      `arg:"" optional:"" help:"Entities, such as vendors. Default: all."`
	Mode     string        `enum:"incremental,full,reset" default:"incremental" help:"incremental: what changed since the last success. full: everything of the history, finding deletions. reset: full, and forget the change history."`
	Wait     bool          `short:"w" help:"Wait until the runs have ended, or the system refuses the login. Exit code 1 unless all are complete."`
	Every    time.Duration `default:"500ms" hidden:"" help:"How often to look while waiting."`
}

// Help ends the command's help with examples.
func (syncStartCmd) Help() string {
	return `A run that is under way already is given instead of a second one.

Examples:

  busbar sync start --wait
  busbar sync start purchase-orders vendors --mode full`
}

type syncRequest struct {
	Entities []string `json:"entities,omitempty"`
	Mode     string   `json:"mode"`
}

// Run asks for the runs, and waits for them when told to.
func (cmd *syncStartCmd) Run(ctx context.Context, c *client, s *Streams) error {
	page, raw, err := get[list[syncRun]](ctx, c, request{method: http.MethodPost, path: "/syncs", body: syncRequest{cmd.Entities, cmd.Mode}})
	if err != nil {
		return err
	}
	if !cmd.Wait {
		return c.show(s, raw, runTable(page.Data))
	}
	w := waiter{client: c, every: cmd.Every, progress: newProgress(s)}
	runs, raws, err := w.wait(ctx, page.Data)
	if err != nil {
		return err
	}
	raw, err = json.Marshal(map[string]any{"data": raws})
	if err != nil {
		return fmt.Errorf("write the runs: %w", err)
	}
	if err := c.show(s, raw, runTable(runs)); err != nil {
		return err
	}
	return verdict(runs)
}

func verdict(runs []syncRun) error {
	for _, r := range runs {
		if r.State != "complete" {
			return exit(ExitFailed)
		}
	}
	return nil
}

// waiter looks at runs until all have ended, or only a new login takes them further.
type waiter struct {
	client   *client
	every    time.Duration
	progress progress
}

// wait gives the runs as they ended, in the order given, and the API's own JSON of each.
func (w waiter) wait(ctx context.Context, runs []syncRun) ([]syncRun, []rawRun, error) {
	raws := make([]rawRun, len(runs))
	defer w.progress.end()
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		if err := w.look(ctx, runs, raws); err != nil {
			return nil, nil, err
		}
		if w.progress.show(runs); allEnded(runs) || slices.ContainsFunc(runs, syncRun.needsLogin) {
			return runs, raws, nil
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// look asks for every run that has not been seen to end.
func (w waiter) look(ctx context.Context, runs []syncRun, raws []rawRun) error {
	for i, r := range runs {
		if r.ended() && raws[i] != nil {
			continue
		}
		now, raw, err := get[syncRun](ctx, w.client, request{method: http.MethodGet, path: "/sync-runs/" + url.PathEscape(r.ID)})
		if err != nil {
			return err
		}
		runs[i], raws[i] = now, raw
	}
	return nil
}

func allEnded(runs []syncRun) bool {
	for _, r := range runs {
		if !r.ended() {
			return false
		}
	}
	return true
}
