-- name: LoginTokens :one
select * from login_tokens where connection = @connection;

-- name: PutLoginTokens :exec
insert into login_tokens (connection, version, sealed, obtained_at, expires_at, owner, until_at, asked_at)
values (@connection, @version, @sealed, @obtained_at, @expires_at, @owner, @until_at, @asked_at)
on conflict (connection) do update set version = excluded.version, sealed = excluded.sealed, obtained_at = excluded.obtained_at,
  expires_at = excluded.expires_at, owner = excluded.owner, until_at = excluded.until_at, asked_at = excluded.asked_at;

-- name: EraseLoginTokens :execrows
delete from login_tokens where connection = @connection;

-- name: ClearLoginLeases :exec
-- Across connections: the process that had them is gone.
update login_tokens set owner = '', until_at = null where owner <> '';
