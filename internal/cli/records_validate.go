package cli

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

type recordsValidateCmd struct {
	Entity string `arg:"" help:"The entity, such as purchase-orders."`
	ID     string `arg:"" optional:"" help:"The record to change, or to delete. Default: one is created."`
	Data   string `placeholder:"FILE" help:"JSON object of fields: a file, - for standard input, or the object itself."`
	Delete bool   `help:"Would its deletion be accepted?"`
	laxFlag
	versionFlag
}

// Help ends the command's help with examples.
func (recordsValidateCmd) Help() string {
	return `Nothing is sent to the system but, where its rules need it, a read of the record. Exit code 1 when the write would be refused.

Examples:

  busbar records validate purchase-orders --data order.json
  busbar records validate purchase-orders 3f0c8b1e-5b0a-5a52-9d55-6b7d6c0f2a10 --data '{"notes": "Gate 3"}'
  busbar records validate purchase-orders 3f0c8b1e-5b0a-5a52-9d55-6b7d6c0f2a10 --delete`
}

type verdictItem struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
	Rule    string `json:"rule"`
}

type writeVerdict struct {
	Valid    bool          `json:"valid"`
	Warnings []verdictItem `json:"warnings"`
	Problem  *struct {
		Title  string        `json:"title"`
		Detail string        `json:"detail"`
		Code   string        `json:"code"`
		Errors []verdictItem `json:"errors"`
	} `json:"problem"`
}

type dryRun struct {
	Op   string         `json:"op"`
	ID   string         `json:"id,omitempty"`
	Data jsontext.Value `json:"data,omitempty"`
}

// Run prints the verdict.
func (cmd *recordsValidateCmd) Run(ctx context.Context, c *client, s *Streams) error {
	body, err := cmd.body(s)
	if err != nil {
		return err
	}
	r := request{method: http.MethodPost, path: recordPath(cmd.Entity, "") + "/validate", query: cmd.query(), body: body}
	if tags := cmd.header(); tags != "" {
		r.headers = map[string]string{"If-Match": tags}
	}
	v, raw, err := get[writeVerdict](ctx, c, r)
	if err != nil {
		return err
	}
	if err := c.show(s, raw, v.table()); err != nil {
		return err
	}
	if !v.Valid {
		return exit(ExitFailed)
	}
	return nil
}

func (cmd *recordsValidateCmd) body(s *Streams) (dryRun, error) {
	d := dryRun{Op: "create", ID: cmd.ID}
	switch {
	case cmd.Delete && (cmd.ID == "" || cmd.Data != ""):
		return d, usage{errors.New("a deletion is of a record and has no fields: busbar records validate ENTITY ID --delete")}
	case cmd.Delete:
		d.Op = "delete"
		return d, nil
	case cmd.Data == "":
		return d, usage{errors.New("give the fields with --data, or --delete with a record's id")}
	case cmd.ID != "":
		d.Op = "update"
	}
	var err error
	d.Data, err = dataFlag{cmd.Data}.read(s.In)
	return d, err
}

func (v writeVerdict) table() *table {
	t := newTable("It would be accepted.", "", "WHERE", "WHAT", "RULE")
	for _, w := range v.Warnings {
		t.add("warning", w.Pointer, w.Detail, w.Rule)
	}
	if v.Problem == nil {
		return t
	}
	if len(v.Problem.Errors) == 0 {
		t.add("refused", "", v.Problem.Title+". "+v.Problem.Detail, "")
	}
	for _, e := range v.Problem.Errors {
		t.add("refused", e.Pointer, e.Detail, e.Rule)
	}
	return t
}
