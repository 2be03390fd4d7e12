-- name: AuditHash :one
select hash from audit_log where n = @n;

-- name: InsertAudit :exec
insert into audit_log (n, done_at, project_id, actor, actor_id, actor_name, action, target, target_id, connection_id, fields, request_id, address, previous, hash)
values (@n, @done_at, @project_id, @actor, @actor_id, @actor_name, @action, @target, @target_id, @connection_id, @fields, @request_id, @address, @previous, @hash);

-- name: AuditChain :many
-- Across connections: the log is the deployment's.
select * from audit_log where n > @after order by n limit @max_rows;

-- name: AuditLog :many
-- Newest first. An empty text asks for all.
select * from audit_log
where project_id = @project_id and n < @before
  and (cast(@actor_id as text) = '' or actor_id = @actor_id or actor_name = @actor_id)
  and (cast(@target_id as text) = '' or target_id = @target_id or connection_id = @target_id)
  and (cast(@action as text) = '' or action = @action)
  and done_at >= @since
order by n desc limit @max_rows;

-- name: AuditCount :one
select value from counters where name = 'audit';
