-- +goose Up
-- One budget of calls per connection, for all replicas: the state of package budget as JSON.
create table budgets (
  connection bigint not null primary key,
  state      text   not null
);

-- What state a connection was in, and since when; n counts from 1.
create table connection_states (
  connection bigint not null,
  n          bigint not null,
  since_at   bigint not null,
  state      text   not null,
  code       text   not null,
  detail     text   not null,
  primary key (connection, n)
) /* sqlite: without rowid */;

-- Deletions that a sweep found and the brake held back; at most one row a stream. seqs: packed seqs of the heads that were missing.
-- decision: '' (waits for a person), 'approved' or 'rejected'.
create table held_deletions (
  connection    bigint not null,
  stream        bigint not null,
  run           text   not null,
  seqs          bytea  not null,
  missing_count bigint not null,
  range_count   bigint not null,
  held_at       bigint not null,
  confirmed_run text   not null,
  confirmed_at  bigint,
  decision      text   not null,
  decided_at    bigint,
  primary key (connection, stream)
);

-- Times at which background work leaves the system alone: a JSON list.
alter table connections add column blackouts text not null default '[]';

-- When records that change often were last read again, whatever their cursor says.
alter table streams add column hot_at bigint;

-- taken_seq: the stream's seq when the record was put in quarantine. state: open, stored (a later try mapped it) or superseded (a newer one is stored).
alter table quarantine add column taken_seq bigint not null default 0;
alter table quarantine add column state text not null default 'open';

-- +goose Down
alter table quarantine drop column state;
alter table quarantine drop column taken_seq;
alter table streams drop column hot_at;
alter table connections drop column blackouts;
drop table held_deletions;
drop table connection_states;
drop table budgets;
