// Package flow owns flows: their versions and settings, what begins their runs, the worker that carries runs out, and the ledger of what became of every item. What a document may say is
// package lang's, what a thread does next is package machine's; writes go through package write's ledger. It knows no HTTP of our own API and no job engine.
//
//	queued ─▶ running ⇄ waiting ─▶ completed | failed | cancelled        of a run; computed from its items
//	pending ─▶ running ─▶ ok | failed | skipped | cancelled              of an item; failed ─▶ pending by a retry
//
// What a thread has come to is stored in one transaction with the intent of its next effect, under the fence of the flow's lease. A write is made in that transaction, as an operation of the
// ledger of writes: it exists once, whatever is killed.
package flow

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
	"github.com/busbar-dev/busbar/model"
)

// Waker asks for a turn of each flow, at the end of the transaction that gives it something to do.
type Waker interface {
	Wake(ctx context.Context, tx *store.Tx, lane store.Lane, ids ...string) error
}

// Sender carries out what leaves Busbar. key stays the same when the same effect is sent again.
type Sender interface {
	Request(ctx context.Context, key string, e machine.Effect) machine.Result
	Notify(ctx context.Context, key string, e machine.Effect) machine.Result
}

// Config is what a Service needs.
type Config struct {
	Store   *store.Store
	Writes  *write.Service
	Systems *manifest.Registry
	Model   *model.Model
	Sender  Sender
	Keeper  *secret.Keeper
	Waker   Waker
	Now     func() time.Time
	Rand    io.Reader // for ids and secrets
	Log     *slog.Logger
	Owner   string        // this process, unique
	Keep    time.Duration // how long ended runs are kept
}

// Service is flows to those who ask for them. Safe for concurrent use.
type Service struct {
	Config
	programs programs
}

// NewService gives a Service.
func NewService(c Config) *Service { return &Service{Config: c} }
