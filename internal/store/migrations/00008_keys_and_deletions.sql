-- +goose Up
-- The processes that seal and open, and with which master keys. Whoever was not seen for a while is gone.
create table key_holders (
  id      text   not null primary key,
  host    text   not null,
  holds   text   not null, -- names of the master keys that it can open, as a list
  seals   text   not null, -- name of the one that it seals with
  seen_at bigint not null
);

-- What became of the data of connections that are deleted or being deleted: no word of them, only counts.
create table deletions (
  connection_id text   not null primary key,
  project_id    text   not null,
  system        text   not null,
  asked_at      bigint not null,
  erased        bigint not null, -- 1: the last row is gone
  finished_at   bigint,          -- when nothing is left in the files of the database either
  counts        text   not null  -- of what was deleted, by kind: a JSON object
);
create index deletions_project on deletions (project_id, connection_id);
create index deletions_open on deletions (asked_at) where finished_at is null;

-- +goose Down
drop table deletions;
drop table key_holders;
