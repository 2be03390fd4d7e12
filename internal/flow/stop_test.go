package flow_test

import (
	"context"
	"encoding/json"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/store"
)

// hooked answers each request at once, and does something at one of them.
type hooked struct {
	sent atomic.Int64
	at   int64
	then func()
}

func (h *hooked) Request(context.Context, string, machine.Effect) machine.Result {
	if h.sent.Add(1) == h.at {
		h.then()
	}
	return machine.Result{Value: json.RawMessage(`{"status":200}`)}
}

func (h *hooked) Notify(ctx context.Context, key string, e machine.Effect) machine.Result {
	return h.Request(ctx, key, e)
}

// What a person says is heard within a turn: a run that is paused or cancelled begins no batch after the one under way.
func TestStopsWithinATurn(t *testing.T) {
	t.Parallel()
	for _, cancel := range []bool{true, false} {
		t.Run(strconv.FormatBool(cancel), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			h := &hooked{at: 7}
			w.app.Flows.Sender = h
			w.apply("flow: calls\nsteps:\n  - id: rows\n    each:\n      in: trigger.rows\n      key: string(item.n)\n      batch_size: 5\n      steps: [{id: tell, request: {method: POST, url: \"https://example.com/\"}}]\n")
			r, err := w.app.Flows.Start(w.acting(), w.project, "calls", flow.Begin{Input: json.RawMessage(numbered(50)), Caller: "test"})
			w.check(err)
			h.then = func() {
				var err error
				if cancel {
					_, err = w.app.Flows.Cancel(w.acting(), w.project, "calls", r.ID)
				} else {
					_, err = w.app.Flows.PauseRun(w.acting(), w.project, "calls", r.ID)
				}
				if err != nil {
					t.Error(err)
				}
			}
			w.settle()
			now, n := w.read(r), h.sent.Load()
			if n != 10 || now.Counts.OK != 10 {
				t.Errorf("%d requests were sent; the run is %s (%s) with %+v", n, now.State, now.ReasonCode, now.Counts)
			}
			if cancel && now.State != store.FlowRunCancelled || !cancel && now.ReasonCode != "paused" {
				t.Errorf("it is %s (%s)", now.State, now.ReasonCode)
			}
		})
	}
}
