-- +goose Up
-- The tokens of a connection's login, where it has some. version counts the tokens stored so far; sealed is what they are, by package secret, and empty while there are none.
-- expires_at: of the access token; null: nobody said. owner, until_at: who renews them now; empty: nobody. asked_at: since when the answer to a renewal is under way or lost; null: none is.
create table login_tokens (
  connection  bigint not null primary key,
  version     bigint not null,
  sealed      bytea  not null,
  obtained_at bigint,
  expires_at  bigint,
  owner       text   not null,
  until_at    bigint,
  asked_at    bigint
);

-- +goose Down
drop table login_tokens;
