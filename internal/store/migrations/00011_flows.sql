-- Flows: documents with versions, runs of them, and a ledger of what each run has taken in.

-- +goose Up
create table flows (
  id             text   not null primary key,
  project_id     text   not null,
  name           text   not null,
  title          text   not null,
  version        bigint not null, -- the newest
  paused         bigint not null, -- by a person
  settings       text   not null, -- connections by role and values of parameters: a JSON object
  sealed         bytea,           -- secret values of parameters
  trigger_kind   text   not null,
  trigger_note   text   not null, -- when it fired, left out, failed: a JSON object
  trigger_at     bigint,          -- when to look at it next; null: it does nothing by itself
  trigger_cursor text   not null, -- how far it has followed a stream
  hook_hash      bytea  unique,   -- of the secret in the address of a webhook
  hook_sealed    bytea,
  wake_at        bigint,          -- when some run can go on; null: nothing, or somebody works on it
  lease_owner    text   not null,
  lease_epoch    bigint not null,
  lease_until_at bigint,
  created_at     bigint not null,
  updated_at     bigint not null,
  unique (project_id, name)
);
create index flows_triggered on flows (trigger_at) where trigger_at is not null and paused = 0;
-- When one with something to do may be taken: its lease is over, or it is woken.
create index flows_ready on flows (coalesce(lease_until_at, wake_at));

create table flow_versions (
  flow     text   not null,
  version  bigint not null, -- from 1
  document text   not null,
  format   text   not null, -- yaml | json
  made_at  bigint not null,
  made_by  text   not null,
  primary key (flow, version)
);

-- Which connection has which role in a flow now.
create table flow_connections (
  flow       text   not null,
  role       text   not null,
  connection bigint not null,
  primary key (flow, role)
) /* sqlite: without rowid */;
create index flow_connections_connection on flow_connections (connection, flow);

-- Which connections a run began with. Where their data are erased, what comes before this item is erased already.
create table flow_run_connections (
  connection  bigint not null,
  flow        text   not null,
  run         text   not null,
  erased_step text   not null,
  erased_n    bigint not null,
  primary key (connection, flow, run)
) /* sqlite: without rowid */;
create index flow_run_connections_run on flow_run_connections (flow, run);

create table flow_runs (
  flow             text   not null,
  id               text   not null,
  project_id       text   not null,
  version          bigint not null,
  state            text   not null, -- queued | running | waiting | completed | failed | cancelled | erasing
  trigger_kind     text   not null,
  input            text   not null,
  settings         text   not null, -- as they were when it began
  sealed           bytea,
  main_counts      bigint not null, -- its main thread is its one item
  in_count         bigint not null,
  pending_count    bigint not null check (pending_count >= 0),
  running_count    bigint not null check (running_count >= 0),
  ok_count         bigint not null check (ok_count >= 0),
  failed_count     bigint not null check (failed_count >= 0),
  skipped_count    bigint not null check (skipped_count >= 0),
  cancelled_count  bigint not null check (cancelled_count >= 0),
  created_at       bigint not null,
  started_at       bigint,
  finished_at      bigint,
  due_at           bigint,          -- when some item can go on; null: nothing by itself
  cancel_requested bigint not null,
  paused           bigint not null,
  reason_code      text   not null, -- why it waits, failed or was cancelled
  reason_detail    text   not null,
  caller           text   not null, -- id of the token, key or member
  output           text   not null,
  parent_flow      text   not null, -- the thread that waits for it; empty: none does
  parent_run       text   not null,
  parent_step      text   not null,
  parent_n         bigint not null,
  retries          bigint not null, -- times that items were begun again by a person
  faults           bigint not null, -- times in a row that it could not go on, by a fault of ours
  change           bigint not null, -- counts changes of the row, but of the counts
  erased           bigint not null, -- what it was given and gave was erased
  primary key (flow, id),
  check (in_count = pending_count + running_count + ok_count + failed_count + skipped_count + cancelled_count)
);
create index flow_runs_due on flow_runs (flow, due_at) where due_at is not null;
create index flow_runs_open on flow_runs (flow, id) where state in ('queued', 'running', 'waiting');
create index flow_runs_project on flow_runs (project_id, id);
create index flow_runs_finished on flow_runs (finished_at) where finished_at is not null;
create index flow_runs_erasing on flow_runs (flow, id) where state = 'erasing';

create table flow_items (
  flow        text   not null,
  run         text   not null,
  step        text   not null, -- of the each; empty: the main thread
  n           bigint not null, -- from 0, without holes
  item_key    text   not null,
  status      text   not null, -- pending | running | ok | failed | skipped | cancelled
  attempts    bigint not null,
  thread      text   not null, -- the interpreter's
  input       text   not null,
  output      text   not null,
  error       text   not null, -- a problem; empty: none
  due_at      bigint,          -- null: it does not go on by itself
  waits       text   not null, -- operation | request | notify | call | each | time; empty: for nothing
  operation   text   not null, -- empty: none
  operation_n bigint not null,
  connection  text   not null, -- of the operation
  updated_at  bigint not null,
  primary key (flow, run, step, n),
  unique (flow, run, step, item_key)
);
create index flow_items_due on flow_items (flow, run, due_at) where due_at is not null;
create index flow_items_status on flow_items (flow, run, status, step, n);
create index flow_items_operation on flow_items (connection, operation) where operation <> '';

-- Records that a trigger has seen as created since it last came to the end of its stream.
create table flow_seen (
  connection  bigint not null,
  flow        text   not null,
  pass        bigint not null, -- from one end of the stream to the next
  id          bytea  not null,
  created_seq bigint not null,
  primary key (connection, flow, pass, id, created_seq)
) /* sqlite: without rowid */;

-- What tells a record that an item is about to make unless it is there: nobody else looks whether it is meanwhile.
create table flow_claims (
  connection bigint not null,
  claim      text   not null,
  flow       text   not null, -- the item that has it
  run        text   not null,
  step       text   not null,
  n          bigint not null,
  primary key (connection, claim)
) /* sqlite: without rowid */;

-- Records by the value of a field, kept by following their stream.
create table lookups (
  connection bigint not null,
  stream     bigint not null,
  field      text   not null,
  value      text   not null,
  id         bytea  not null,
  primary key (connection, stream, field, value, id)
) /* sqlite: without rowid */;
create index lookups_record on lookups (connection, stream, field, id);

-- How far a stream has been followed for a field.
create table lookup_heads (
  connection bigint not null,
  stream     bigint not null,
  field      text   not null,
  epoch      bigint not null,
  seq        bigint not null,
  primary key (connection, stream, field)
) /* sqlite: without rowid */;

/* postgres: alter table flows set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
alter table flow_runs set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
alter table flow_items set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05); */

-- +goose Down
drop table lookup_heads;
drop table lookups;
drop table flow_claims;
drop table flow_seen;
drop table flow_items;
drop table flow_runs;
drop table flow_run_connections;
drop table flow_connections;
drop table flow_versions;
drop table flows;
