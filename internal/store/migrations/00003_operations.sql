-- Writes and batches of writes, each with a ledger of what became of every item.

-- +goose Up
create table operations (
  connection        bigint not null,
  id                text   not null,
  stream            bigint not null,
  kind              text   not null, -- single | batch
  state             text   not null, -- receiving | queued | running | completed | cancelled | erasing
  mode              text   not null, -- best_effort | all_or_none
  on_error          text   not null, -- continue | stop
  chunk_size        bigint not null,
  chunk_delay       bigint not null, -- microseconds
  strict            bigint not null,
  total_count       bigint not null,
  pending_count     bigint not null,
  sending_count     bigint not null,
  applied_count     bigint not null,
  rejected_count    bigint not null,
  unknown_count     bigint not null,
  reconciling_count bigint not null,
  needs_human_count bigint not null,
  cancelled_count   bigint not null,
  created_at        bigint not null,
  started_at        bigint,
  finished_at       bigint,
  due_at            bigint,          -- when somebody should look next; null: nothing is left to do
  cancel_requested  bigint not null,
  dormant           bigint not null, -- its connection takes no writes now, and nothing is to be cancelled
  caller            text   not null, -- id of the token or key
  request           text   not null, -- id of the request
  reason_code       text   not null, -- why it waits or was cancelled
  reason_detail     text   not null,
  lease_owner       text   not null,
  lease_epoch       bigint not null,
  lease_until_at    bigint,
  primary key (connection, id)
);
-- When one with something left to do may be taken: its lease is over, or it is due.
create index operations_open on operations (connection, coalesce(lease_until_at, due_at), dormant) where due_at is not null;
create index operations_finished on operations (finished_at) where finished_at is not null and needs_human_count = 0;
create index operations_receiving on operations (created_at) where state = 'receiving';
create index operations_erasing on operations (connection, id) where state = 'erasing';

create table operation_items (
  connection  bigint not null,
  operation   text   not null,
  n           bigint not null, -- from 0, in the order given
  client_ref  text   not null,
  op          text   not null, -- create | update | delete
  record      bytea,           -- our id; null while it is not known
  remote_id   text   not null,
  status      text   not null,
  data        text   not null, -- as given
  if_match    text   not null,
  mark        text   not null, -- what tells this item's effect in the system from any other
  version     text   not null, -- of the record, once applied
  error       text   not null, -- a problem; empty: none
  warnings    text   not null, -- a list of faults; empty: none
  attempts    bigint not null, -- calls that may have had an effect
  looks       bigint not null, -- searches since the last attempt
  sent_at     bigint,          -- of the last attempt
  due_at      bigint,          -- not before; null: at once
  updated_at  bigint not null,
  primary key (connection, operation, n)
);
create index operation_items_status on operation_items (connection, operation, status, n);

create table operation_attempts (
  connection bigint not null,
  operation  text   not null,
  n          bigint not null,
  attempt    bigint not null, -- from 1, over sends, looks and decisions
  kind       text   not null, -- send | look | decision
  started_at bigint not null,
  ended_at   bigint,
  outcome    text   not null, -- sending | applied | rejected | not_sent | unknown | found | not_found | several | ...
  sent       text   not null, -- what went out, redacted and cut
  answer     text   not null, -- what came back, redacted and cut
  detail     text   not null,
  primary key (connection, operation, n, attempt)
);

-- One write at a time to one record.
create table record_writes (
  connection bigint not null,
  record     bytea  not null,
  operation  text   not null,
  n          bigint not null,
  primary key (connection, record)
) /* sqlite: without rowid */;

-- What a request with an Idempotency-Key led to. owner is a connection or a project.
create table idempotency_keys (
  owner      text   not null,
  name       text   not null,
  hash       bytea  not null, -- of method, path, query and body
  operation  text   not null, -- of a write; empty: the answer tells all
  status     bigint not null, -- of the answer; 0: not there yet
  headers    text   not null,
  answer     bytea  not null, -- sealed where the route may answer with a secret
  created_at bigint not null,
  primary key (owner, name)
);
create index idempotency_keys_age on idempotency_keys (created_at);
create index idempotency_keys_operation on idempotency_keys (owner, operation) where operation <> '';

-- What is demanded of writes beyond the connector's own rules: a JSON object by entity.
alter table connections add column write_rules text not null default '{}';

/* postgres: alter table operations set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
alter table operation_items set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05); */

-- +goose Down
alter table connections drop column write_rules;
drop table idempotency_keys;
drop table record_writes;
drop table operation_attempts;
drop table operation_items;
drop table operations;
