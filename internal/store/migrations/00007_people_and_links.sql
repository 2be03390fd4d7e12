-- +goose Up
-- People: members of a project, how they log in, and what was done by whom.
alter table projects add column data_key bytea;                            -- seals what belongs to no connection; null: nothing sealed yet
alter table projects add column settings text not null default '{}';       -- of Link: logo, colour, redirect addresses, origins of frames, languages; of members: the OIDC provider
alter table projects add column sealed bytea;                              -- secrets among the settings; null: none
alter table project_keys add column scopes text not null default '["read","sync","write","connect","admin","own"]'; -- keys made before scopes may do all

create table members (
  id            text   not null primary key,
  project_id    text   not null,
  email         text   not null,
  email_key     text   not null unique, -- as compared: folded
  name          text   not null,
  role          text   not null,        -- owner | admin | operator | viewer
  password      text   not null,        -- an argon2id hash in its usual notation; empty: none
  oidc_issuer   text   not null,
  oidc_subject  text   not null,        -- empty: none
  created_at    bigint not null,
  updated_at    bigint not null,
  last_login_at bigint,
  disabled_at   bigint
);
create index members_project on members (project_id, id);
create unique index members_oidc on members (oidc_issuer, oidc_subject) where oidc_subject <> '';

-- A session of a member's browser. hash is the keyed hash of the cookie's value.
create table member_sessions (
  id               text   not null primary key,
  hash             bytea  not null unique,
  member_id        text   not null,
  address          text   not null, -- of the browser, as it was first seen
  agent            text   not null,
  created_at       bigint not null,
  seen_at          bigint not null,
  authenticated_at bigint not null, -- when the member last proved who it is
  expires_at       bigint not null, -- whatever happens
  ended_at         bigint
);
create index member_sessions_member on member_sessions (member_id, id);
create index member_sessions_expiry on member_sessions (expires_at);

-- A link that works once: to set Busbar up, to join a project, to choose a new password.
create table member_links (
  id         text   not null primary key,
  hash       bytea  not null unique,
  purpose    text   not null, -- setup | invite | password
  project_id text   not null,
  member_id  text   not null, -- whose password; empty: nobody's yet
  email      text   not null, -- who is invited; empty: whoever comes
  role       text   not null,
  created_at bigint not null,
  expires_at bigint not null,
  used_at    bigint,
  revoked_at bigint
);
create index member_links_project on member_links (project_id, id);

-- A login by way of another server that is under way. hash is the keyed hash of the state.
create table login_attempts (
  hash       bytea  not null primary key,
  purpose    text   not null, -- member | link
  owner      text   not null, -- of a member's login: its project; of a link: its session
  browser    bytea  not null, -- keyed hash of the cookie that began it
  sealed     bytea  not null, -- verifier, nonce and the fields given so far
  created_at bigint not null,
  expires_at bigint not null,
  used_at    bigint
);
create index login_attempts_expiry on login_attempts (expires_at);

-- What was done by whom. Each entry's hash covers the one before; n has no gaps.
create table audit_log (
  n             bigint not null primary key,
  done_at       bigint not null,
  project_id    text   not null, -- empty: the deployment's
  actor         text   not null, -- member | key | token | link | command | system
  actor_id      text   not null,
  actor_name    text   not null, -- as it was then
  action        text   not null, -- connection.paused
  target        text   not null, -- connection
  target_id     text   not null,
  connection_id text   not null, -- that it concerns; empty: none
  fields        text   not null, -- names of what changed, as a list; never values
  request_id    text   not null,
  address       text   not null,
  previous      bytea  not null,
  hash          bytea  not null
);
create index audit_log_project on audit_log (project_id, n);
create index audit_log_target on audit_log (project_id, target_id, n);
insert into counters (name, value) values ('audit', 0);

-- An invitation to connect a system: a link session, which a backend opens for somebody who is there, or a Magic Link, which is sent.
create table link_sessions (
  id              text   not null primary key,
  project_id      text   not null,
  hash            bytea  not null unique,  -- keyed hash of the secret in the link
  kind            text   not null,         -- session | magic
  purpose         text   not null,         -- connect | reauthorize
  connection_id   text   not null,         -- pending until the link is used
  status          text   not null,         -- open | connected | cancelled | expired
  settings        text   not null,         -- what is preset: system, name, metadata, tags, entities, history, schedule, language
  redirect_uri    text   not null,         -- empty: none
  state           text   not null,         -- given back to the redirect address as it came
  challenge       text   not null,         -- of PKCE, S256
  browser         bytea,                   -- keyed hash of the cookie of the browser that opened it; null: nobody yet
  created_at      bigint not null,
  expires_at      bigint not null,
  opened_at       bigint,
  ended_at        bigint,
  code_hash       bytea  unique,           -- keyed hash of the code for the token; null: none
  code_expires_at bigint,
  code_used_at    bigint,
  token_id        text   not null          -- that the code was exchanged for
);
create index link_sessions_project on link_sessions (project_id, id);
create index link_sessions_connection on link_sessions (connection_id);
create index link_sessions_open on link_sessions (expires_at) where status = 'open';

-- A vendor's own registration with a system's login server, for all connections of a project. sealed is what it holds, under the project's data key.
create table project_apps (
  project_id    text   not null,
  system        text   not null,
  auth_method   text   not null,
  public_fields text   not null,
  sealed        bytea  not null,
  created_at    bigint not null,
  updated_at    bigint not null,
  primary key (project_id, system, auth_method)
);

-- +goose Down
drop table project_apps;
drop table link_sessions;
drop table audit_log;
delete from counters where name = 'audit';
drop table login_attempts;
drop table member_links;
drop table member_sessions;
drop table members;
alter table project_keys drop column scopes;
alter table projects drop column sealed;
alter table projects drop column settings;
alter table projects drop column data_key;
