package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

type keysGroup struct {
	clientFlags `embed:""`

	Show   keysShowCmd   `cmd:"" help:"Show which master key seals, and how far a rotation is."`
	Rotate keysRotateCmd `cmd:"" help:"Rotate the master key, or the keys of all logins."`
}

type masterKey struct {
	Sealing string `json:"sealing"`
	Keys    []struct {
		ID       string `json:"id"`
		DataKeys int    `json:"data_keys"`
		Held     bool   `json:"held"`
	} `json:"keys"`
	Rotation struct {
		Phase      string   `json:"phase"`
		From       string   `json:"from"`
		To         string   `json:"to"`
		StartedAt  *string  `json:"started_at"`
		FinishedAt *string  `json:"finished_at"`
		Left       int      `json:"left"`
		Waits      []string `json:"waits"`
	} `json:"rotation"`
	DataRotation struct {
		StartedAt  *string  `json:"started_at"`
		FinishedAt *string  `json:"finished_at"`
		Done       int      `json:"done"`
		Waiting    []string `json:"waiting"`
	} `json:"data_rotation"`
}

func (m masterKey) table() *table {
	t := newTable("No master key.", "MASTER KEY", "USE", "DATA KEYS")
	for _, k := range m.Keys {
		use := "opens"
		switch {
		case k.ID == m.Sealing:
			use = "seals"
		case !k.Held:
			use = "missing"
		}
		t.add(k.ID, use, count(int64(k.DataKeys)))
	}
	return t
}

// state says in a line how far rotations are.
func (m masterKey) state(data bool) string {
	if data {
		switch d := m.DataRotation; {
		case d.StartedAt == nil:
			return "The keys of logins were never rotated."
		case d.FinishedAt == nil:
			return fmt.Sprintf("Logins under new keys: %d; being renewed, so a little later: %d.", d.Done, len(d.Waiting))
		default:
			return fmt.Sprintf("All logins are under new keys since %s.", instant(d.FinishedAt))
		}
	}
	switch r := m.Rotation; r.Phase {
	case "none":
		return "The master key was never rotated."
	case "done":
		return fmt.Sprintf("The master key was rotated from %s to %s at %s. Nothing is wrapped by the old one. Keep it with the backups made so far: they need it.", r.From, r.To, instant(r.FinishedAt))
	default:
		return strings.Join(append([]string{fmt.Sprintf("Rotating from %s to %s (%s), %d data keys left.", r.From, r.To, r.Phase, r.Left)}, r.Waits...), "\n  ")
	}
}

func (m masterKey) over(data bool) bool {
	if data {
		return m.DataRotation.FinishedAt != nil
	}
	return m.Rotation.Phase == "done"
}

type keysShowCmd struct{}

// Help ends the command's help with an example.
func (keysShowCmd) Help() string {
	return "Shows names of keys, never a key.\n\nExample:\n\n  busbar keys show"
}

// Run prints how things stand.
func (keysShowCmd) Run(ctx context.Context, c *client, s *Streams) error {
	m, raw, err := get[masterKey](ctx, c, request{method: http.MethodGet, path: "/master-key", who: aKey})
	if err != nil {
		return err
	}
	if err := c.show(s, raw, m.table()); err != nil || c.Output == "json" {
		return err
	}
	_, err = fmt.Fprintf(s.Out, "\n%s\n%s\n", cleanLines(m.state(false)), cleanLines(m.state(true)))
	return err
}

type keysRotateCmd struct {
	Data   bool          `help:"Seal every login with a new key of its own, instead of rotating the master key."`
	NoWait bool          `help:"Do not wait for the end: busbar keys show tells how far it is."`
	Every  time.Duration `default:"500ms" hidden:"" help:"How often to look while waiting."`
}

// Help ends the command's help with examples.
func (keysRotateCmd) Help() string {
	return `Everything goes on meanwhile. Where the master key is in a file, Busbar makes a new one; otherwise, and with replicas that do not share the file, give every Busbar the new key as a
further line first (docs/guides/keys.md).

Examples:

  busbar keys rotate
  busbar keys rotate --data`
}

// Run begins the rotation and shows how far it is until it is over.
func (cmd *keysRotateCmd) Run(ctx context.Context, c *client, s *Streams) error {
	path := "/master-key/rotation"
	if cmd.Data {
		path = "/master-key/data-rotation"
	}
	m, raw, err := get[masterKey](ctx, c, request{method: http.MethodPost, path: path, who: aKey})
	if err != nil {
		return err
	}
	tick := time.NewTicker(cmd.Every)
	defer tick.Stop()
	for said := ""; !cmd.NoWait && !m.over(cmd.Data); {
		if now := cleanLines(m.state(cmd.Data)); now != said {
			said = now
			fmt.Fprintln(s.Err, now)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if m, raw, err = get[masterKey](ctx, c, request{method: http.MethodGet, path: "/master-key", who: aKey}); err != nil {
			return err
		}
	}
	if c.Output == "json" {
		return printJSON(s.Out, raw)
	}
	_, err = fmt.Fprintln(s.Out, cleanLines(m.state(cmd.Data)))
	return err
}
