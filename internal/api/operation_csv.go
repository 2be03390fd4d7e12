package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

const (
	csvType = "text/csv; charset=utf-8"
	bom     = "\ufeff" // tells spreadsheets that it is UTF-8
	csvPage = 500      // items read at once
)

var csvTitles = []string{"index", "client_ref", "op", "id", "remote_id", "status", "code", "detail", "fields", "warnings"}

type csvInput struct {
	ID string `path:"id" doc:"The operation."`
	StatusInput
	BOM bool `query:"bom" default:"true" doc:"false: without the byte order mark by which spreadsheets know that it is UTF-8."`
}

type csvOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition" doc:"A name for the file."`
	Body        func(huma.Context)
}

// csvOperation documents GET /v1/operations/{id}/items.csv.
func (s *server) csvOperation() huma.Operation {
	return huma.Operation{
		OperationID: "download-operation-items", Method: http.MethodGet, Path: "/v1/operations/{id}/items.csv", Tags: []string{tagOperations},
		Summary: "Get the items of an operation as CSV",
		Description: "For spreadsheets (RFC 4180, UTF-8): " + strings.Join(csvTitles, ", ") + ". A cell that a spreadsheet would take for a formula begins with an apostrophe. " +
			"With status=failed it is the list of errors. warnings says what was not taken of an item that was applied.",
		Responses: map[string]*huma.Response{"200": {Description: "One line for each item.", Content: map[string]*huma.MediaType{
			"text/csv": {Schema: &huma.Schema{Type: "string"}},
		}}},
	}
}

// itemsCSV writes the items page by page, so that memory stays flat.
func (s *server) itemsCSV(ctx context.Context, in *csvInput) (*csvOutput, error) {
	o, err := s.operation(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	filter := store.ItemFilter{Statuses: in.statuses(), Limit: csvPage, Bare: true}
	first, err := s.Store.Items(ctx, o, filter)
	if err != nil {
		return nil, fmt.Errorf("read the items of an operation: %w", err)
	}
	return &csvOutput{ContentType: csvType, Disposition: `attachment; filename="operation-` + o.ID + `.csv"`, Body: func(hc huma.Context) {
		hc.SetStatus(http.StatusOK)
		if in.BOM {
			_, _ = io.WriteString(hc.BodyWriter(), bom)
		}
		if err := s.writeItems(ctx, hc.BodyWriter(), o, filter, first); err != nil {
			s.Log.WarnContext(ctx, "a CSV of items broke off", "request_id", infoOf(ctx).id, "operation", o.ID, "error", err)
			panic(http.ErrAbortHandler) // a cut table must not look whole
		}
	}}, nil
}

func (s *server) writeItems(ctx context.Context, to io.Writer, o *store.Operation, f store.ItemFilter, items []store.Item) error {
	w := csv.NewWriter(to)
	w.UseCRLF = true
	_ = w.Write(csvTitles)
	for {
		for _, it := range items {
			if err := w.Write(csvRow(it)); err != nil {
				return err
			}
		}
		w.Flush()
		if len(items) < f.Limit || w.Error() != nil {
			return w.Error()
		}
		f.From = items[len(items)-1].N + 1
		var err error
		if items, err = s.Store.Items(ctx, o, f); err != nil {
			return fmt.Errorf("read the items of an operation: %w", err)
		}
	}
}

func csvRow(it store.Item) []string {
	var code, detail, fields string
	if len(it.Error) > 0 {
		p := problem.FromDocument(it.Error)
		code, detail, fields = p.Code, p.Detail, fieldsOf(p.Items)
	}
	var warnings []problem.Item
	if len(it.Warnings) > 0 {
		_ = json.Unmarshal(it.Warnings, &warnings) // our own text
	}
	id := ""
	if it.Record != uuid.Nil {
		id = it.Record.String()
	}
	row := []string{strconv.FormatInt(it.N, 10), it.ClientRef, it.Op, id, it.RemoteID, string(it.Status), code, detail, fields, fieldsOf(warnings)}
	for i, cell := range row {
		row[i] = harmless(cell)
	}
	return row
}

// fieldsOf lists what is wrong with which field.
func fieldsOf(items []problem.Item) string {
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = item.Pointer + ": " + item.Detail
	}
	return strings.Join(parts, "; ")
}

// harmless puts an apostrophe before a cell that a spreadsheet would take for a formula.
func harmless(cell string) string {
	if strings.IndexAny(cell, "=+-@\t\r\n＝＋－＠") == 0 {
		return "'" + cell
	}
	return cell
}
