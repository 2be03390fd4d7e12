-- name: InsertLink :exec
insert into link_sessions (id, project_id, hash, kind, purpose, connection_id, status, settings, redirect_uri, state, challenge, browser,
  created_at, expires_at, opened_at, ended_at, code_hash, code_expires_at, code_used_at, token_id)
values (@id, @project_id, @hash, @kind, @purpose, @connection_id, @status, @settings, @redirect_uri, @state, @challenge, @browser,
  @created_at, @expires_at, @opened_at, @ended_at, @code_hash, @code_expires_at, @code_used_at, @token_id);

-- name: Link :one
select * from link_sessions where id = @id and project_id = @project_id;

-- name: LinkByHash :one
select * from link_sessions where hash = @hash;

-- name: LinkByCode :one
select * from link_sessions where code_hash = @code_hash;

-- name: LockLink :one
-- Takes the link's lock.
update link_sessions set status = status where id = @id returning *;

-- name: Links :many
select * from link_sessions
where project_id = @project_id and id < @before
  and (cast(@status as text) = '' or status = @status)
  and (cast(@connection_id as text) = '' or connection_id = @connection_id)
order by id desc limit @max_rows;

-- name: SaveLink :execrows
update link_sessions set status = @status, browser = @browser, opened_at = @opened_at, ended_at = @ended_at,
  code_hash = @code_hash, code_expires_at = @code_expires_at, code_used_at = @code_used_at, token_id = @token_id
where id = @id;

-- name: CountOpenLinks :one
select count(*) from link_sessions where project_id = @project_id and status = 'open';

-- name: EndLinksOf :exec
update link_sessions set status = 'cancelled', ended_at = @ended_at where connection_id = @connection_id and status = 'open';

-- name: LinksToExpire :many
select id, project_id, connection_id from link_sessions where status = 'open' and expires_at <= @now order by expires_at limit @max_rows;

-- name: EraseLinks :execrows
delete from link_sessions where id in (select l.id from link_sessions l where l.ended_at < @before order by l.ended_at limit @max_rows);

-- name: InsertLoginAttempt :exec
insert into login_attempts (hash, purpose, owner, browser, sealed, created_at, expires_at, used_at)
values (@hash, @purpose, @owner, @browser, @sealed, @created_at, @expires_at, null);

-- name: LoginAttempt :one
select * from login_attempts where hash = @hash and purpose = @purpose;

-- name: UseLoginAttempt :one
-- A second use finds none, nor does another browser.
update login_attempts set used_at = cast(@now as bigint) where hash = @hash and purpose = @purpose and browser = @browser and used_at is null returning *;

-- name: EraseLoginAttempt :exec
delete from login_attempts where hash = @hash and purpose = @purpose;

-- name: EraseLoginAttempts :exec
delete from login_attempts where expires_at < @before;

-- name: ProjectSettings :one
select settings from projects where id = @id;

-- name: ProjectApps :many
select * from project_apps where project_id = @project_id order by system, auth_method;

-- name: PutProjectApp :exec
insert into project_apps (project_id, system, auth_method, public_fields, sealed, created_at, updated_at)
values (@project_id, @system, @auth_method, @public_fields, @sealed, @created_at, @updated_at)
on conflict (project_id, system, auth_method) do update set public_fields = excluded.public_fields, sealed = excluded.sealed, updated_at = excluded.updated_at;

-- name: EraseProjectApp :execrows
delete from project_apps where project_id = @project_id and system = @system and auth_method = @auth_method;

-- name: FulfilConnection :execrows
update connections set system = @system, name = @name, time_zone = @time_zone, updated_at = @updated_at
where connection = @connection and state = 'pending';

-- name: ReconnectConnection :execrows
update connections set state = @state, state_code = @state_code, state_detail = @state_detail, state_since_at = @now, updated_at = @now, disconnected_at = null
where connection = @connection and state = 'disconnected' and deleting_at is null;

-- name: StartSchedules :exec
-- Streams that follow no schedule wait to be asked.
update streams set next_run_at = cast(@now as bigint) where connection = @connection and schedule <> 'manual';

-- name: CountLivingTokens :one
select count(*) from tokens where connection = @connection and revoked_at is null and (expires_at is null or expires_at > @now);

-- name: SetProjectSettings :execrows
update projects set settings = @settings where id = @id;
