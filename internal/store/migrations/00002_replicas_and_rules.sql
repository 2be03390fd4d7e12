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

-- Deletions that a sweep found and the brake held back; at most one row a stream. seqs: packed seqs of the heads that were missing in every sweep since.
-- decision: pending (waits for a person), approved or rejected. carried_run: the run that carried out the approved ones; then seqs is empty.
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
  carried_run   text   not null,
  carried_at    bigint,
  primary key (connection, stream)
);

-- Times at which background work leaves the system alone: a JSON list.
alter table connections add column blackouts text not null default '[]';
-- When to look next whether a system that did not answer is back, and how often it was done in vain.
alter table connections add column probe_at bigint;
alter table connections add column probe_count bigint not null default 0;
create index connections_probe on connections (probe_at) where probe_at is not null;

-- When records that change often were last read again, whatever their cursor says.
alter table streams add column hot_at bigint;

-- id: of the record, or of its raw form where no id could be read. taken_seq: the stream's seq when the record was put in quarantine; 0: any stored one
-- is newer. state: open, stored (a later try mapped it) or superseded (a newer one is stored, or in quarantine itself).
alter table quarantine add column stream bigint not null default 0;
alter table quarantine add column id bytea;
alter table quarantine add column taken_seq bigint not null default 0;
alter table quarantine add column state text not null default 'open';
update quarantine set stream = coalesce((select r.stream from runs r where r.connection = quarantine.connection and r.id = quarantine.run), 0);
create index quarantine_open on quarantine (connection, stream, id) where state = 'open';

-- runs_ready of the runs for which somebody waits.
create index runs_asked on runs (coalesce(lease_until_at, retry_at, requested_at))
  where state in ('queued', 'running') and dormant = 0 and cause in ('manual', 'connect');

-- What each connection's last transaction left when it committed: whoever lost the answer to a commit looks here.
/* postgres: create table commits (
  slot      text        not null primary key,
  mark      text        not null,
  marked_at timestamptz not null default now()
); */

-- How rows lie on the pages of PostgreSQL: records of up to 4 KB as they are (to compress them costs more than their room), rows that change often with
-- room for the next version beside them, and no table so large that it is looked after too seldom.
/* postgres: alter table bodies set (toast_tuple_target = 4080, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
alter table heads set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
alter table streams set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
alter table runs set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
alter table connections set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
alter table commits set (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000); */
-- +goose StatementBegin
/* postgres: do $$ begin
  alter table bodies alter column record set compression lz4, alter column raw set compression lz4;
exception when feature_not_supported or syntax_error then null; -- an older server, or one built without it
end $$; */
-- +goose StatementEnd

-- +goose Down
/* postgres: drop table commits; */
drop index runs_asked;
drop index quarantine_open;
alter table quarantine drop column state;
alter table quarantine drop column taken_seq;
alter table quarantine drop column id;
alter table quarantine drop column stream;
alter table streams drop column hot_at;
drop index connections_probe;
alter table connections drop column probe_count;
alter table connections drop column probe_at;
alter table connections drop column blackouts;
drop table held_deletions;
drop table connection_states;
drop table budgets;
