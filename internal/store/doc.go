// Package store owns Busbar's data: every table, every SQL statement, and the rules that hold between rows (commit order
// is seq order, one transaction per page, one running run per stream). What only one dialect of SQL can do is supplied from
// outside (see Engine, Bulk and Shared): store/sqlite and store/postgres do. It knows no HTTP, no systems and no job engine.
//
// A connection has an internal number and its streams have small numbers within it; every table of tenant data is keyed by
// them first. A record is two rows: a small head (hash, seq, deleted) by id, and a body (the record as served, and raw) at
// the seq of its last change. A changed record's body moves to its new seq, so that a list page and the change feed are one
// range scan of bodies in seq order, and a page is classified by heads alone.
//
// A run goes through these states, and only this package moves them:
//
//	          RequestRun         AcquireRun            FinishRun
//	(nothing) ─────────▶ queued ───────────▶ running ───────────▶ complete | incomplete | failed | cancelled
//	                       ▲ │ CancelRun        │ FinishRun with RetryAt
//	                       │ └──▶ cancelled     │
//	                       └────────────────────┘
//
// A running run has a lease (owner, until, epoch). Taking or letting go of it raises the epoch, and whoever holds an old
// epoch gets ErrFenced. A lease that is over or free may be taken by anyone.
//
// An operation has a lease of the same kind, and items with states of their own; ItemStatus lists them, MoveItem and DecideItem move them:
//
//	              InsertItems      QueueOperation   AcquireOperation   ReleaseOperation
//	(nothing) ──▶ receiving ─────────────▶ queued ─────────▶ running ─────────▶ completed | cancelled
//	                                         ▲                                      │ DecideItem, RetryItems
//	                                         └──────────────────────────────────────┘
//
// A flow has a lease of the same kind, which is one for all of its runs. A run has a ledger: how many items it took in is always the sum of how many have each
// FlowItemStatus. TakeFlowItems and MoveFlowItems count, and refuse what does not add up; a run with open items does not end.
//
// Locks are taken in one order: idempotency key, connection, stream, run or operation, item, record, flow, run of a flow, its item, audit log. So in one transaction ClaimKey
// comes before InsertOperation, ApplyRecord before MoveItem, and QueueOperation before HoldFlow.
//
// All instants are time.Time in UTC with microsecond precision. Nothing here reads a clock or makes an id: both are arguments.
package store
