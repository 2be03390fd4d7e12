-- name: ProjectDataKey :one
select data_key from projects where id = @id;

-- name: LockProjectDataKey :one
-- Takes the project's lock.
update projects set data_key = data_key where id = @id returning data_key;

-- name: SetProjectDataKey :exec
update projects set data_key = @data_key where id = @id;

-- name: ConnectionKeysNotUnder :many
-- Data keys that another master key wraps than the one that writes this head.
select connection, id, data_key from connections where data_key is not null and substr(data_key, 1, 5) <> @head order by connection limit @max_rows;

-- name: SwapConnectionKey :execrows
update connections set data_key = @rewrapped where connection = @connection and data_key = @was;

-- name: ProjectKeysNotUnder :many
select id, data_key from projects where data_key is not null and substr(data_key, 1, 5) <> @head order by id limit @max_rows;

-- name: SwapProjectKey :execrows
update projects set data_key = @rewrapped where id = @id and data_key = @was;

-- name: ConnectionKeyHeads :many
select substr(data_key, 1, 5) as head, count(*) as keys from connections where data_key is not null group by substr(data_key, 1, 5);

-- name: ProjectKeyHeads :many
select substr(data_key, 1, 5) as head, count(*) as keys from projects where data_key is not null group by substr(data_key, 1, 5);

-- name: PutKeyHolder :exec
insert into key_holders (id, host, holds, seals, seen_at) values (@id, @host, @holds, @seals, @seen_at)
on conflict (id) do update set holds = excluded.holds, seals = excluded.seals, seen_at = excluded.seen_at;

-- name: KeyHolders :many
select * from key_holders where seen_at >= @since_at order by host, id;

-- name: DropKeyHolders :exec
delete from key_holders where seen_at < @before_at or id = @id;

-- name: ConnectionsSealedBefore :many
-- Connections with a login that were made by then, from an id on.
select id from connections where data_key is not null and id > @after and created_at <= @until_at order by id limit @max_rows;

-- name: ResealConnection :exec
update connections set data_key = @data_key, credentials = @credentials where connection = @connection;

-- name: ResealLoginTokens :exec
update login_tokens set sealed = @sealed where connection = @connection;

-- name: ProjectsSealed :many
select id from projects where data_key is not null order by id;

-- name: ProjectSealed :one
select sealed from projects where id = @id;

-- name: ResealProject :exec
update projects set data_key = @data_key, sealed = @sealed where id = @id;

-- name: ResealProjectApp :exec
update project_apps set sealed = @sealed where project_id = @project_id and system = @system and auth_method = @auth_method;

-- name: SealedFlows :many
select id, sealed from flows where project_id = @project_id and sealed is not null order by id;

-- name: ResealFlow :exec
update flows set sealed = @sealed where id = @id;

-- name: SealedFlowRuns :many
-- Runs keep what their flow had: there are as many values as it was changed.
select distinct flow, sealed from flow_runs where project_id = @project_id and sealed is not null;

-- name: ResealFlowRuns :exec
update flow_runs set sealed = @sealed where flow = @flow and sealed = @was;
