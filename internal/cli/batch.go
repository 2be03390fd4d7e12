package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/schollz/progressbar/v3"
)

type batchCmd struct {
	clientFlags `embed:""`

	Entity    string        `arg:"" help:"The entity, such as purchase-orders."`
	File      string        `arg:"" help:"The items: NDJSON, or a JSON object with the list items. - reads standard input."`
	Mode      string        `placeholder:"MODE" help:"best_effort, or all_or_none where the system can."`
	ChunkSize int           `name:"chunk-size" placeholder:"N" help:"Items that are sent before the next pause. Default: 50."`
	Delay     time.Duration `placeholder:"TIME" help:"The pause between chunks, such as 2s, up to 1h."`
	OnError   string        `name:"on-error" placeholder:"WHAT" help:"continue, or stop at the first item that fails."`
	Key       string        `name:"idempotency-key" placeholder:"KEY" help:"The same file with the same key is taken once. Default: a new one."`
	Watch     bool          `short:"w" help:"Wait for the end and show how far it is. Exit code 1 unless everything was applied."`
	Every     time.Duration `default:"500ms" hidden:"" help:"How often to look while waiting."`
	laxFlag   `embed:""`
}

// Help ends the command's help with examples.
func (batchCmd) Help() string {
	return `Each line of NDJSON is an item: {"op": "create", "client_ref": "row-1", "data": {…}}. op is create, update or delete; the last two name the record by id.
Items that are not right are rejected with their error, beside the others.

Examples:

  busbar batch vendors vendors.ndjson --watch
  busbar batch purchase-orders orders.json --chunk-size 20 --delay 2s --on-error stop`
}

// Run sends the file and prints the operation.
func (cmd *batchCmd) Run(ctx context.Context, c *client, s *Streams) error {
	in, close, err := cmd.open(s.In)
	if err != nil {
		return err
	}
	defer close()
	head, _ := in.Peek(64 << 10) // an error comes again when it is read
	flags := writeFlags{Key: cmd.Key}
	if flags.Key == "" {
		flags.Key = uuid.NewString()
	}
	o, raw, err := get[writeOperation](ctx, c, request{
		method: http.MethodPost, path: recordPath(cmd.Entity, "") + "/batch", query: cmd.options(), stream: in,
		headers: map[string]string{"Content-Type": kindOf(head), "Idempotency-Key": flags.Key},
	})
	if err != nil {
		return flags.again(err)
	}
	if !cmd.Watch {
		if err := c.show(s, raw, o.facts()); err != nil || c.Output == "json" {
			return err
		}
		fmt.Fprintf(s.Err, "It is worked off in the background. See how far it is: busbar operations show %s\n", clean(o.ID))
		return nil
	}
	return cmd.watch(ctx, c, s, o)
}

func (cmd *batchCmd) open(stdin io.Reader) (in *bufio.Reader, close func(), err error) {
	if cmd.File == "-" {
		return bufio.NewReaderSize(stdin, 64<<10), func() {}, nil
	}
	f, err := os.Open(cmd.File)
	if err != nil {
		return nil, nil, usage{fmt.Errorf("read the items: %w", err)}
	}
	return bufio.NewReaderSize(f, 64<<10), func() { _ = f.Close() }, nil
}

func (cmd *batchCmd) options() url.Values {
	query := url.Values{}
	for name, value := range cmd.query() {
		query[name] = value
	}
	set(query, "mode", cmd.Mode)
	set(query, "on_error", cmd.OnError)
	if cmd.ChunkSize != 0 {
		query.Set("chunk_size", strconv.Itoa(cmd.ChunkSize))
	}
	if cmd.Delay != 0 {
		query.Set("chunk_delay", "PT"+strconv.FormatFloat(cmd.Delay.Seconds(), 'f', -1, 64)+"S")
	}
	return query
}

// kindOf tells a JSON object of items from NDJSON by its first member.
func kindOf(head []byte) string {
	d := jsontext.NewDecoder(bytes.NewReader(head))
	if open, err := d.ReadToken(); err != nil || open.Kind() != '{' {
		return "application/x-ndjson"
	}
	first, err := d.ReadToken()
	if err != nil || first.Kind() != '"' {
		return "application/x-ndjson"
	}
	switch first.String() {
	case "items", "mode", "chunk_size", "chunk_delay", "on_error":
		return "application/json"
	}
	return "application/x-ndjson"
}

// watch waits for the end of the operation.
func (cmd *batchCmd) watch(ctx context.Context, c *client, s *Streams, o writeOperation) error {
	bar := progressbar.NewOptions64(o.Total, progressbar.OptionSetWriter(s.Err), progressbar.OptionSetWidth(30), progressbar.OptionShowCount(),
		progressbar.OptionSetItsString("items"), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish(), progressbar.OptionSetVisibility(s.Terminal.Err))
	tick := time.NewTicker(cmd.Every)
	defer tick.Stop()
	waits := ""
	for {
		now, raw, err := get[writeOperation](ctx, c, request{method: http.MethodGet, path: operationPath(o.ID)})
		if err != nil {
			return err
		}
		if text := now.Reason.text(); text != waits && text != "" && !now.ended() {
			fmt.Fprintf(s.Err, "It waits: %s\n", clean(text))
		}
		waits = now.Reason.text()
		if _ = bar.Set64(now.Total - now.Counts.open()); now.ended() {
			_ = bar.Finish()
			return batchEnd(c, s, now, raw)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func batchEnd(c *client, s *Streams, o writeOperation, raw []byte) error {
	if err := c.show(s, raw, o.facts()); err != nil {
		return err
	}
	if o.Counts.Applied == o.Total {
		return nil
	}
	o.next(s)
	return exit(ExitFailed)
}
