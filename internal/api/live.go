package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/store"
)

// changedView is the data of an event.
type changedView struct {
	Thing      string `json:"thing"`
	Connection string `json:"connection,omitempty"`
}

// reconnectAfter is what a browser is told, in milliseconds.
const reconnectAfter = 2000

func (s *server) registerLive() {
	registerAs(s, access{controlPlane, connection.ScopeRead}, manner{endless: true}, huma.Operation{
		OperationID: "follow-live", Method: http.MethodGet, Path: "/v1/live", Tags: []string{tagProject},
		Summary: "Follow what changes, as server-sent events",
		Description: "For pages that show what is there now: each event `changed` says that things of one kind have changed, of one connection where it names one, and nothing of what they are: read them again. " +
			"Its data are `{\"thing\": \"sync-runs\", \"connection\": \"…\"}`; things are " + strings.Join(things(), ", ") + ". " +
			"`everything` says that some events may have been missed; after a reconnect that is so too. An event for the same thing comes at most twice a second, and the last change always has one. Comments keep the line open.\n\n" +
			"It ends when its caller may no longer see this, and does not count as use of a session. So many may be open at once: " +
			fmt.Sprintf("%d of one caller and %d of one project. ", DefaultLimits.LivesAtOnce, DefaultLimits.LivesOfProject) +
			"To take in data without a gap follow GET /v1/changes instead.",
		Responses: map[string]*huma.Response{"200": {Description: "The events.", Content: map[string]*huma.MediaType{
			"text/event-stream": {Schema: &huma.Schema{Type: "string"}, Example: "event: changed\ndata: {\"thing\":\"sync-runs\",\"connection\":\"01936a3e-4f50-7a61-8b72-9c83ad94be05\"}\n\n"},
		}}},
	}, s.live)
}

// things are the words that an event may use.
func things() []string {
	words := make([]string, 0, len(store.Things()))
	for _, t := range store.Things() {
		words = append(words, string(t))
	}
	return words
}

// live follows the caller's project until the caller, the right to do so or the server goes.
func (s *server) live(ctx context.Context, _ *empty) (*bytesOutput, error) {
	who := callerOf(ctx)
	release, err := s.limiter.live(who.id(), who.project())
	if err != nil {
		return nil, err
	}
	return &bytesOutput{Body: func(hc huma.Context) {
		defer release()
		hc.SetHeader("Content-Type", "text/event-stream; charset=utf-8")
		hc.SetHeader("X-Accel-Buffering", "no") // a proxy in front is not to collect events
		hc.SetStatus(http.StatusOK)
		if r, w := humago.Unwrap(hc); r.Method != http.MethodHead {
			s.follow(r.Context(), who, newPieces(w, s.Limits.Answer))
		}
	}}, nil
}

func (s *server) follow(ctx context.Context, who caller, out *pieces) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.Stopping != nil {
		defer context.AfterFunc(s.Stopping, cancel)()
	}
	f := s.Store.Follow(who.project())
	defer f.Close()
	beat := time.NewTicker(s.Limits.LiveBeat)
	defer beat.Stop()
	err := out.send(fmt.Sprintf("retry: %d\n: it begins\n\n", reconnectAfter))
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			_, err = s.goOn(who, out, nil)
		case <-f.News():
			who, err = s.goOn(who, out, f.Take())
		}
	}
}

// goOn tells a caller who is still let in what has changed, or only that the line is open.
func (s *server) goOn(who caller, out *pieces, changes []store.Changed) (caller, error) {
	now, err := who.again()
	if err != nil {
		return who, err
	}
	now.again = who.again
	text, err := eventsOf(changes, now)
	if err != nil {
		return now, err
	}
	return now, out.send(cmp.Or(text, ": it goes on\n\n"))
}

// eventsOf writes what the caller may know.
func eventsOf(changes []store.Changed, who caller) (string, error) {
	var text strings.Builder
	for _, c := range changes {
		if c.Thing.Private() && !slices.Contains(who.scopes(), connection.ScopeAdmin) {
			continue
		}
		data, err := json.Marshal(changedView{string(c.Thing), c.Connection})
		if err != nil {
			return "", fmt.Errorf("write an event: %w", err)
		}
		fmt.Fprintf(&text, "event: changed\ndata: %s\n\n", data)
	}
	return text.String(), nil
}

// pieces is an answer without an end, each piece of which the client takes in time.
type pieces struct {
	w       http.ResponseWriter
	control *http.ResponseController
	within  time.Duration
	slow    *time.Timer
}

// newPieces replaces the server's own times, which are made for answers that end.
func newPieces(w http.ResponseWriter, within time.Duration) *pieces {
	p := &pieces{w: w, control: http.NewResponseController(w), within: within}
	if r, ok := w.(*recorder); ok {
		r.endless = true
	}
	_ = p.control.SetReadDeadline(time.Time{})
	_ = p.control.SetWriteDeadline(time.Time{})
	p.slow = time.AfterFunc(within, func() { _ = p.control.SetWriteDeadline(time.Unix(1, 0)) })
	p.slow.Stop()
	return p
}

func (p *pieces) send(text string) error {
	p.slow.Reset(p.within)
	defer p.slow.Stop()
	if _, err := io.WriteString(p.w, text); err != nil {
		return err
	}
	return p.control.Flush()
}
