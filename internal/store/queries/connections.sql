-- name: InsertConnection :exec
insert into connections (connection, id, project_id, system, name, state, state_code, state_detail, state_since_at, auth_method, credentials, data_key,
  public_fields, metadata, tags, time_zone, blackouts, write_rules, system_version, created_at, updated_at, last_success_at, disconnected_at, deleting_at)
values (@connection, @id, @project_id, @system, @name, @state, @state_code, @state_detail, @state_since_at, @auth_method, @credentials, @data_key,
  @public_fields, @metadata, @tags, @time_zone, @blackouts, @write_rules, @system_version, @created_at, @updated_at, @last_success_at, @disconnected_at, @deleting_at);

-- name: Connection :one
select * from connections where id = @id and project_id = @project_id;

-- name: ConnectionByID :one
select * from connections where id = @id;

-- name: LockConnection :one
-- Takes the connection's lock.
update connections set state = state where id = @id returning *;

-- name: LockConnectionNumber :one
-- Takes the connection's lock.
update connections set state = state where connection = @connection returning *;

-- name: ConnectionByNumber :one
select * from connections where connection = @connection;

-- name: Connections :many
select * from connections c
where c.project_id = @project_id and c.id < @before
  and (cast(@system as text) = '' or c.system = @system)
  and (cast(@state as text) = '' or c.state = @state)
  and (cast(@tag as text) = '' or exists (select 1 from connection_tags t where t.connection = c.connection and t.tag = @tag))
order by c.id desc limit @max_rows;

-- name: InsertTag :exec
insert into connection_tags (connection, tag) values (@connection, @tag) on conflict do nothing;

-- name: DeleteTags :exec
delete from connection_tags where connection = @connection;

-- name: SetConnectionProfile :execrows
update connections set name = @name, metadata = @metadata, tags = @tags, time_zone = @time_zone, blackouts = @blackouts, updated_at = @updated_at
where connection = @connection;

-- name: SetConnectionCredentials :execrows
update connections set auth_method = @auth_method, credentials = @credentials, data_key = @data_key, public_fields = @public_fields,
  system_version = @system_version, updated_at = @updated_at
where connection = @connection;

-- name: SetConnectionState :execrows
update connections set
  state_since_at = case when state = @state and state_code = @state_code then state_since_at else cast(@now as bigint) end,
  updated_at = case when state = @state and state_code = @state_code then updated_at else cast(@now as bigint) end,
  probe_at = case when cast(@state as text) = 'unreachable' then coalesce(probe_at, cast(@now as bigint)) end,
  probe_count = case when cast(@state as text) = 'unreachable' then probe_count else 0 end,
  state = @state, state_code = @state_code, state_detail = @state_detail
where connection = @connection and state <> 'disconnected';

-- name: SetStreamsDormant :exec
update streams set dormant = @dormant where connection = @connection and dormant <> @dormant;

-- name: SetRunsDormant :exec
update runs set dormant = @dormant where connection = @connection and state in ('queued', 'running') and dormant <> @dormant;

-- name: DisconnectConnection :execrows
update connections set state = 'disconnected', state_code = '', state_detail = '', state_since_at = @now, updated_at = @now, disconnected_at = @now,
  probe_at = null, probe_count = 0
where connection = @connection and state <> 'disconnected';

-- name: RevokeTokens :exec
update tokens set revoked_at = @revoked_at where connection = @connection and revoked_at is null;

-- name: StopSchedules :exec
update streams set next_run_at = null, dormant = 1 where connection = @connection;

-- name: CancelQueuedRuns :execrows
update runs set state = 'cancelled', finished_at = @finished_at, retry_at = null where connection = @connection and state = 'queued';

-- name: CancelRunningRuns :exec
update runs set cancel_requested = 1, dormant = 1 where connection = @connection and state = 'running';

-- name: AskDeleteData :execrows
update connections set deleting_at = coalesce(deleting_at, cast(@now as bigint)), updated_at = @now where connection = @connection and state = 'disconnected';

-- name: ConnectionsToDelete :many
select connection, id from connections where deleting_at is not null order by connection limit @max_rows;

-- name: SetConnectionSuccess :exec
update connections set last_success_at = @last_success_at where connection = @connection;

-- name: InsertToken :exec
insert into tokens (connection, id, label, hash, last4, scopes, created_at, expires_at, revoked_at, last_used_at)
values (@connection, @id, @label, @hash, @last4, @scopes, @created_at, @expires_at, @revoked_at, @last_used_at);

-- name: TokenByHash :one
-- Across connections: the hash names the token, and the token its connection.
select sqlc.embed(t), sqlc.embed(c) from tokens t join connections c on c.connection = t.connection where t.hash = @hash;

-- name: Tokens :many
select * from tokens where connection = @connection order by id desc;

-- name: RevokeToken :execrows
update tokens set revoked_at = coalesce(revoked_at, cast(@now as bigint)) where connection = @connection and id = @id;

-- name: TouchToken :execrows
-- Across connections: the hash names the token, and nothing of it is given back.
update tokens set last_used_at = @last_used_at where hash = @hash and (last_used_at is null or last_used_at < @last_used_at);

-- name: SetWriteRules :execrows
update connections set write_rules = @write_rules, updated_at = @updated_at where connection = @connection;
