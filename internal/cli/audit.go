package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/audit/chain"
)

type auditGroup struct {
	clientFlags `embed:""`

	List       auditListCmd       `cmd:"" help:"List what was done by whom, newest first."`
	Checkpoint auditCheckpointCmd `cmd:"" help:"Print a signed statement of how far the log is; keep it elsewhere."`
	Verify     auditVerifyCmd     `cmd:"" help:"Check that the log is as it was written, computing every hash here."`
}

type auditListCmd struct {
	Actor  string `help:"Only what this actor did: its id or name."`
	Action string `help:"Only this action, such as connection.paused."`
	Target string `help:"Only what was done to this id, or to its connection."`
	Since  string `placeholder:"TIME" help:"Only what was done since then: 2026-11-30T00:00:00Z."`
	Limit  int    `default:"100" help:"How many at most."`
	Cursor string `help:"next_cursor of the page before."`
}

// Help ends the command's help with an example.
func (auditListCmd) Help() string { return "Example:\n\n  busbar audit list --action key.issued" }

// Run prints a page of entries.
func (cmd *auditListCmd) Run(ctx context.Context, c *client, s *Streams) error {
	q := url.Values{"limit": {fmt.Sprint(cmd.Limit)}}
	for name, value := range map[string]string{"actor": cmd.Actor, "action": cmd.Action, "target": cmd.Target, "since": cmd.Since, "cursor": cmd.Cursor} {
		set(q, name, value)
	}
	page, raw, err := get[list[chain.Entry]](ctx, c, request{method: http.MethodGet, path: "/audit-log", query: q, who: aKey})
	if err != nil {
		return err
	}
	t := newTable("Nothing.", "N", "DONE AT", "ACTOR", "ACTION", "TARGET", "FIELDS", "FROM")
	for _, e := range page.Data {
		t.add(fmt.Sprint(e.N), e.DoneAt.UTC().Format(time.DateTime), e.Actor+" "+e.ActorName, e.Action, e.TargetID, strings.Join(e.Fields, ","), e.Address)
	}
	return c.show(s, raw, t)
}

type auditCheckpointCmd struct{}

// Help ends the command's help with an example.
func (auditCheckpointCmd) Help() string {
	return "Example:\n\n  busbar audit checkpoint > checkpoint-2026-11-30.json"
}

// Run prints the checkpoint as it is.
func (auditCheckpointCmd) Run(ctx context.Context, c *client, s *Streams) error {
	raw, err := c.call(ctx, request{method: http.MethodGet, path: "/audit-log/checkpoint", who: aKey})
	if err != nil {
		return err
	}
	return printJSON(s.Out, raw)
}

type auditVerifyCmd struct {
	Checkpoints []string `name:"checkpoint" placeholder:"FILE" type:"existingfile" help:"A checkpoint that was kept: what was changed or cut off before it is found. Repeat the flag."`
}

// Help ends the command's help with an example.
func (auditVerifyCmd) Help() string {
	return "Example:\n\n  busbar audit verify --checkpoint checkpoint-2026-11-30.json"
}

// Run walks the whole chain.
func (cmd *auditVerifyCmd) Run(ctx context.Context, c *client, s *Streams) error {
	kept, err := cmd.read()
	if err != nil {
		return err
	}
	if err := sameSigner(ctx, c, kept); err != nil {
		return err
	}
	walk, last := chain.NewWalk(kept...), int64(0)
	for {
		q := url.Values{"after": {fmt.Sprint(walk.N())}}
		page, _, err := get[struct {
			Data []chain.AuditLink `json:"data"`
			Last int64             `json:"last"`
		}](ctx, c, request{method: http.MethodGet, path: "/audit-log/chain", query: q, who: aKey})
		if err != nil {
			return err
		}
		for _, l := range page.Data {
			if err := walk.Step(l); err != nil {
				return err
			}
		}
		if last = page.Last; len(page.Data) == 0 {
			break
		}
	}
	if err := walk.End(last); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Out, "The audit log is as it was written: %d entries.\n", walk.N())
	return err
}

// read gives the checkpoints, each as it was signed.
func (cmd *auditVerifyCmd) read() ([]chain.Checkpoint, error) {
	var kept []chain.Checkpoint
	for _, file := range cmd.Checkpoints {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, usage{err}
		}
		var c chain.Checkpoint
		if err := json.Unmarshal(text, &c); err != nil {
			return nil, usage{fmt.Errorf("%s is no checkpoint: %w", file, err)}
		}
		if err := c.Verify(); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		kept = append(kept, c)
	}
	return kept, nil
}

// sameSigner says when the checkpoints are another server's.
func sameSigner(ctx context.Context, c *client, kept []chain.Checkpoint) error {
	if len(kept) == 0 {
		return nil
	}
	now, _, err := get[chain.Checkpoint](ctx, c, request{method: http.MethodGet, path: "/audit-log/checkpoint", who: aKey})
	if err != nil {
		return err
	}
	for _, k := range kept {
		if string(k.PublicKey) != string(now.PublicKey) {
			return fmt.Errorf("the checkpoint of entry %d was signed by another Busbar, or the root key was exchanged", k.N)
		}
	}
	return nil
}
