-- +goose Up
-- Instants are microseconds since 1970 (bigint, null: none); flags are bigint 0 or 1; JSON is text. Tables of tenant data are keyed by connection first.

create table meta (
  key   text not null primary key,
  value text not null
);

-- Numbers given out one by one.
create table counters (
  name  text   not null primary key,
  value bigint not null
);
insert into counters (name, value) values ('connection', 0);

create table projects (
  id         text   not null primary key,
  name       text   not null,
  created_at bigint not null
);

create table project_keys (
  id           text   not null primary key,
  project_id   text   not null,
  label        text   not null,
  hash         bytea  not null unique,
  last4        text   not null,
  created_at   bigint not null,
  expires_at   bigint,
  revoked_at   bigint,
  last_used_at bigint
);
create index project_keys_project on project_keys (project_id, id);

create table connections (
  connection      bigint not null primary key,
  id              text   not null unique,
  project_id      text   not null,
  system          text   not null,
  name            text   not null,
  state           text   not null,
  state_code      text   not null,
  state_detail    text   not null,
  state_since_at  bigint not null,
  auth_method     text   not null,
  credentials     bytea,
  data_key        bytea,
  public_fields   text   not null,
  metadata        text   not null,
  tags            text   not null,
  time_zone       text   not null,
  system_version  text   not null,
  created_at      bigint not null,
  updated_at      bigint not null,
  last_success_at bigint,
  disconnected_at bigint,
  deleting_at     bigint
);
create index connections_project on connections (project_id, id);
create index connections_deleting on connections (connection) where deleting_at is not null;

create table connection_tags (
  connection bigint not null,
  tag        text   not null,
  primary key (connection, tag)
) /* sqlite: without rowid */;

create table tokens (
  connection   bigint not null,
  id           text   not null,
  label        text   not null,
  hash         bytea  not null unique,
  last4        text   not null,
  scopes       text   not null,
  created_at   bigint not null,
  expires_at   bigint,
  revoked_at   bigint,
  last_used_at bigint,
  primary key (connection, id)
);

-- One entity of one connection. Its row is the stream's lock. dormant: the connection does not sync at present.
create table streams (
  connection      bigint not null,
  stream          bigint not null,
  entity          text   not null,
  epoch           bigint not null,
  seq             bigint not null,
  changed_at      bigint not null,
  reset_run       text   not null,
  mapping         text   not null,
  cursor_at       bigint,
  schedule        text   not null,
  history         text   not null,
  paused          bigint not null,
  dormant         bigint not null,
  next_run_at     bigint,
  last_success_at bigint,
  last_full_at    bigint,
  full_tried_at   bigint,
  live_count      bigint not null,
  deleted_count   bigint not null,
  failures        bigint not null,
  error_code      text   not null,
  error_detail    text   not null,
  last_run        text   not null,
  primary key (connection, stream),
  unique (connection, entity)
);
create index streams_due on streams (next_run_at) where paused = 0 and dormant = 0 and next_run_at is not null;

create table runs (
  connection        bigint not null,
  id                text   not null,
  stream            bigint not null,
  mode              text   not null,
  cause             text   not null,
  state             text   not null,
  pages_count       bigint not null,
  fetched_count     bigint not null,
  unchanged_count   bigint not null,
  created_count     bigint not null,
  updated_count     bigint not null,
  deleted_count     bigint not null,
  quarantined_count bigint not null,
  expected          bigint not null,
  requested_at      bigint not null,
  started_at        bigint,
  finished_at       bigint,
  retry_at          bigint,
  attempt           bigint not null,
  since_at          bigint,
  history_from_at   bigint,
  start_seq         bigint not null,
  checkpoint        text   not null,
  cancel_requested  bigint not null,
  reason_code       text   not null,
  reason_detail     text   not null,
  dormant           bigint not null,
  lease_owner       text   not null,
  lease_epoch       bigint not null,
  lease_until_at    bigint,
  primary key (connection, id)
);
create unique index runs_running on runs (connection, stream) where state = 'running';
create unique index runs_queued on runs (connection, stream) where state = 'queued';
create index runs_active on runs (connection, stream) where state in ('queued', 'running');
-- When an unfinished run may be taken: its lease is over, or its retry has come, or at once.
create index runs_ready on runs (coalesce(lease_until_at, retry_at, requested_at)) where state in ('queued', 'running') and dormant = 0;

-- What a full run has seen unchanged: packed seqs, one row per stored page.
create table run_seen (
  connection bigint not null,
  run        text   not null,
  n          bigint not null,
  seqs       bytea  not null,
  primary key (connection, run, n)
);

create table quarantine (
  connection bigint not null,
  run        text   not null,
  n          bigint not null,
  remote_id  text   not null,
  pointer    text   not null,
  reason     text   not null,
  raw        bytea  not null,
  primary key (connection, run, n)
);

-- What is known of a record without its body. Small, so that a page is classified without touching bodies.
create table heads (
  connection        bigint not null,
  stream            bigint not null,
  id                bytea  not null,
  raw_hash          bytea  not null,
  seq               bigint not null,
  created_seq       bigint not null,
  created_at        bigint not null,
  deleted           bigint not null,
  remote_updated_at bigint,
  range_at          bigint,
  primary key (connection, stream, id)
) /* sqlite: without rowid */;

-- The records themselves, at the seq of their last change: a list page and the change feed are one range scan.
create table bodies (
  connection  bigint not null,
  stream      bigint not null,
  seq         bigint not null,
  epoch       bigint not null,
  id          bytea  not null,
  deleted     bigint not null,
  created_seq bigint not null,
  updated_at  bigint not null,
  remote_id   text   not null,
  record      text   not null,
  raw         text   not null,
  primary key (connection, stream, seq)
);
create index bodies_tombstones on bodies (connection, stream, seq) where deleted = 1;

-- +goose Down
drop table bodies;
drop table heads;
drop table quarantine;
drop table run_seen;
drop table runs;
drop table streams;
drop table tokens;
drop table connection_tags;
drop table connections;
drop table project_keys;
drop table projects;
drop table counters;
drop table meta;
