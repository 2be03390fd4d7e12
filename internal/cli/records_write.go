package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// dataFlag gives the fields of a record.
type dataFlag struct {
	Data string `required:"" placeholder:"FILE" help:"JSON object of fields: a file, - for standard input, or the object itself."`
}

// read gives the fields as they are.
func (d dataFlag) read(stdin io.Reader) (jsontext.Value, error) {
	text, err := []byte(d.Data), error(nil)
	switch {
	case d.Data == "-":
		text, err = io.ReadAll(stdin)
	case !strings.HasPrefix(strings.TrimSpace(d.Data), "{"):
		text, err = os.ReadFile(d.Data)
	}
	if err != nil {
		return nil, usage{fmt.Errorf("read the fields: %w", err)}
	}
	if value := jsontext.Value(text); value.IsValid() && value.Kind() == '{' {
		return value, nil
	}
	return nil, usage{errors.New(`the fields are a JSON object, such as {"notes": "Urgent"}`)}
}

// laxFlag lets unknown fields pass.
type laxFlag struct {
	Lax bool `help:"Leave out unknown fields with a warning, instead of refusing the write."`
}

func (l laxFlag) query() url.Values {
	if l.Lax {
		return url.Values{"strict": {"false"}}
	}
	return nil
}

// writeFlags are what every single write takes.
type writeFlags struct {
	Wait  time.Duration `default:"30s" help:"How long the answer may take, up to 1m; what is not finished then goes on."`
	Async bool          `help:"Do not wait."`
	Key   string        `name:"idempotency-key" placeholder:"KEY" help:"The same write with the same key has its effect once. Default: a new one."`
}

// versionFlag guards against the changes of others.
type versionFlag struct {
	IfMatch string `name:"if-match" placeholder:"VERSION" help:"Only if this is still the record's version."`
}

func (v versionFlag) header() string {
	if v.IfMatch == "" || v.IfMatch == "*" || strings.HasPrefix(v.IfMatch, `"`) {
		return v.IfMatch
	}
	return `"` + v.IfMatch + `"`
}

// do sends a write and prints the record, or the operation that goes on.
func (f writeFlags) do(ctx context.Context, c *client, s *Streams, r request, v versionFlag) error {
	if f.Key == "" {
		f.Key = uuid.NewString()
	}
	r.headers = map[string]string{"Idempotency-Key": f.Key, "Prefer": fmt.Sprintf("wait=%d", int(f.Wait.Seconds()))}
	if f.Async {
		r.headers["Prefer"] = "respond-async"
	}
	if tags := v.header(); tags != "" {
		r.headers["If-Match"] = tags
	}
	a, err := c.send(ctx, r)
	if err != nil {
		return f.again(err)
	}
	warn(s, a.header.Get("Busbar-Warnings"))
	if a.status != http.StatusAccepted {
		return printJSON(s.Out, a.body)
	}
	var o writeOperation
	if err := json.Unmarshal(a.body, &o); err != nil {
		return fmt.Errorf("read the operation: %w", err)
	}
	if err := c.show(s, a.body, o.facts()); err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "It goes on. See what becomes of it: busbar operations show %s\n", clean(o.ID))
	return nil
}

// again says how to repeat a write without doubling it when nobody knows whether it arrived.
func (f writeFlags) again(err error) error {
	if !is[unreachable](err) && !errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w\nIf it may have arrived, repeat it with --idempotency-key %s: it has its effect once", err, f.Key)
}

// warn prints what was left out.
func warn(s *Streams, header string) {
	var warnings []verdictItem
	if json.Unmarshal([]byte(header), &warnings) != nil {
		return
	}
	for _, w := range warnings {
		fmt.Fprintf(s.Err, "warning: %s: %s\n", clean(w.Pointer), clean(w.Detail))
	}
}

func recordPath(entity, id string) string {
	path := "/" + url.PathEscape(entity)
	if id != "" {
		path += "/" + url.PathEscape(id)
	}
	return path
}

type recordsCreateCmd struct {
	Entity string `arg:"" help:"The entity, such as purchase-orders."`
	dataFlag
	laxFlag
	writeFlags
}

// Help ends the command's help with examples.
func (recordsCreateCmd) Help() string {
	return `The record is printed as the system has it. "busbar capabilities ENTITY" shows which fields there are, and which are required.

Examples:

  busbar records create vendors --data '{"name": "Acme Pumps", "code": "V-1001"}'
  busbar records create purchase-orders --data order.json --idempotency-key order-4711`
}

// Run creates the record.
func (cmd *recordsCreateCmd) Run(ctx context.Context, c *client, s *Streams) error {
	data, err := cmd.read(s.In)
	if err != nil {
		return err
	}
	return cmd.do(ctx, c, s, request{method: http.MethodPost, path: recordPath(cmd.Entity, ""), query: cmd.query(), body: data}, versionFlag{})
}

type recordsUpdateCmd struct {
	Entity string `arg:"" help:"The entity, such as purchase-orders."`
	ID     string `arg:"" help:"The record's id."`
	dataFlag
	laxFlag
	versionFlag
	writeFlags
}

// Help ends the command's help with examples.
func (recordsUpdateCmd) Help() string {
	return `Fields that are not named stay, and null empties one. Lines are named by their id or remote_id; {"id": "…", "_delete": true} deletes one, one without an id is new.

Example:

  busbar records update purchase-orders 3f0c8b1e-5b0a-5a52-9d55-6b7d6c0f2a10 --data '{"notes": "Gate 3"}' --if-match 1.42`
}

// Run changes the record.
func (cmd *recordsUpdateCmd) Run(ctx context.Context, c *client, s *Streams) error {
	data, err := cmd.read(s.In)
	if err != nil {
		return err
	}
	return cmd.do(ctx, c, s, request{method: http.MethodPatch, path: recordPath(cmd.Entity, cmd.ID), query: cmd.query(), body: data}, cmd.versionFlag)
}

type recordsDeleteCmd struct {
	Entity string `arg:"" help:"The entity, such as purchase-orders."`
	ID     string `arg:"" help:"The record's id."`
	versionFlag
	writeFlags
	sure
}

// Help ends the command's help with an example.
func (recordsDeleteCmd) Help() string {
	return `Where the system cancels records instead, the record is printed with its new status.

Example:

  busbar records delete purchase-orders 3f0c8b1e-5b0a-5a52-9d55-6b7d6c0f2a10`
}

// Run asks whether the person is sure, and deletes.
func (cmd *recordsDeleteCmd) Run(ctx context.Context, c *client, s *Streams) error {
	if err := cmd.ask(s, fmt.Sprintf("This deletes the record of %s in the system", cmd.Entity)); err != nil {
		return err
	}
	return cmd.do(ctx, c, s, request{method: http.MethodDelete, path: recordPath(cmd.Entity, cmd.ID)}, cmd.versionFlag)
}
