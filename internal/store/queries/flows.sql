-- name: BlankFlowTriggers :execrows
-- Of flows in which the connection has a role: what is noted of their triggers, and how far they followed one of its streams.
update flows set trigger_note = '{}', trigger_cursor = '' where flows.id in
  (select f.id from flow_connections r join flows f on f.id = r.flow where r.connection = @connection and (f.trigger_note <> '{}' or f.trigger_cursor <> '') order by f.id limit @max_rows);

-- name: Flow :one
select * from flows where project_id = @project_id and name = @name;

-- name: FlowByID :one
select * from flows where id = @id;

-- name: FlowByHook :one
select * from flows where hook_hash = @hook_hash;

-- name: Flows :many
select * from flows where project_id = @project_id and name > @after_name
  and (cast(@of_connection as bigint) = 0 or id in (select c.flow from flow_connections c where c.connection = @of_connection))
order by name limit @max_rows;

-- name: DueFlows :many
select * from flows where trigger_at is not null and trigger_at <= @now and paused = 0 order by trigger_at, id limit @max_rows;

-- name: FlowsReady :many
select id from flows where coalesce(lease_until_at, wake_at) <= @now order by coalesce(lease_until_at, wake_at), id limit @max_rows;

-- name: LockFlow :one
-- Takes the flow's lock.
update flows set version = version where id = @id returning *;

-- name: TakeFlowName :one
-- Takes the flow's lock; makes it where it is not there.
insert into flows (id, project_id, name, title, version, paused, settings, sealed, trigger_kind, trigger_note, trigger_at, trigger_cursor, hook_hash, hook_sealed,
  wake_at, lease_owner, lease_epoch, lease_until_at, created_at, updated_at)
values (@id, @project_id, @name, '', 0, 0, '{}', null, '', '{}', null, '', null, null, null, '', 0, null, @created_at, @created_at)
on conflict (project_id, name) do update set version = flows.version returning *;

-- name: ApplyFlow :exec
update flows set title = @title, version = @version, settings = @settings, sealed = @sealed, trigger_kind = @trigger_kind, updated_at = @updated_at where id = @id;

-- name: SetFlow :execrows
update flows set paused = @paused, trigger_note = @trigger_note, trigger_at = @trigger_at, trigger_cursor = @trigger_cursor, hook_hash = @hook_hash,
  hook_sealed = @hook_sealed, updated_at = @updated_at where id = @id;

-- name: QuietFlow :exec
update flows set trigger_at = @due where id = @id and trigger_at = @was and trigger_cursor = @trigger_cursor;

-- name: EraseFlow :execrows
delete from flows where id = @id;

-- name: EraseFlowVersions :exec
delete from flow_versions where flow = @flow;

-- name: InsertFlowVersion :exec
insert into flow_versions (flow, version, document, format, made_at, made_by) values (@flow, @version, @document, @format, @made_at, @made_by);

-- name: FlowVersion :one
select * from flow_versions where flow = @flow and version = @version;

-- name: FlowVersions :many
select * from flow_versions where flow = @flow and version < @before order by version desc limit @max_rows;

-- name: EraseFlowRoles :exec
delete from flow_connections where flow = @flow;

-- name: InsertFlowRole :exec
insert into flow_connections (flow, role, connection) values (@flow, @role, @connection);

-- name: AcquireFlow :one
update flows set lease_owner = @lease_owner, lease_epoch = lease_epoch + 1, lease_until_at = @lease_until_at, wake_at = null
where flows.id = @id and (lease_until_at is null or lease_until_at <= cast(@now as bigint)) returning *;

-- name: RenewFlow :execrows
update flows set lease_until_at = @lease_until_at where id = @id and lease_epoch = @lease_epoch and lease_until_at is not null;

-- name: HoldFlow :one
-- Takes the flow's lock, if the lease is still held.
update flows set version = version where id = @id and lease_epoch = @lease_epoch and lease_until_at is not null returning *;

-- name: ReleaseFlow :one
-- Whoever woke it meanwhile is heard. The fence goes up at once: who let go may not write any more.
update flows set lease_owner = '', lease_epoch = lease_epoch + 1, lease_until_at = null,
  wake_at = case when wake_at is null or wake_at > cast(@wake_at as bigint) then cast(@wake_at as bigint) else wake_at end
where flows.id = @id and lease_epoch = @lease_epoch and lease_until_at is not null returning *;

-- name: LeaveFlow :one
-- As ReleaseFlow, where nothing is left to do.
update flows set lease_owner = '', lease_epoch = lease_epoch + 1, lease_until_at = null
where flows.id = @id and lease_epoch = @lease_epoch and lease_until_at is not null returning *;

-- name: WakeFlow :execrows
-- Takes the flow's lock.
update flows set wake_at = case when wake_at is null or wake_at > cast(@wake_at as bigint) then cast(@wake_at as bigint) else wake_at end where id = @id;

-- name: ClearFlowLeases :exec
-- Whoever held one wakes it: nobody knows any more when it was to go on.
update flows set lease_owner = '', lease_epoch = lease_epoch + 1, wake_at = 0, lease_until_at = null where lease_until_at is not null;

-- name: ShiftFlows :exec
-- After the clock went back.
update flows set trigger_at = trigger_at - cast(@by as bigint), wake_at = wake_at - cast(@by as bigint) where trigger_at is not null or wake_at is not null;

-- name: DropFlowSeen :exec
delete from flow_seen where flow_seen.connection = @connection and flow_seen.flow = @flow and (flow_seen.pass, flow_seen.id, flow_seen.created_seq) in
  (select s.pass, s.id, s.created_seq from flow_seen s where s.connection = @connection and s.flow = @flow and s.pass < @pass order by s.pass, s.id, s.created_seq limit @max_rows);

-- name: EraseFlowSeen :execrows
delete from flow_seen where flow_seen.connection = @connection and (flow_seen.flow, flow_seen.pass, flow_seen.id, flow_seen.created_seq) in
  (select s.flow, s.pass, s.id, s.created_seq from flow_seen s where s.connection = @connection order by s.flow, s.pass, s.id, s.created_seq limit @max_rows);

-- name: ForgetFlowSeen :exec
-- Across connections: of a flow that is gone.
delete from flow_seen where flow = @flow;

-- name: LockFlowClaim :one
-- Who has a claim: the item, where nobody had it. Others wait until the transaction is over.
insert into flow_claims (connection, claim, flow, run, step, n) values (@connection, @claim, @flow, @run, @step, @n)
on conflict (connection, claim) do update set claim = excluded.claim
returning flow, run, step, n;

-- name: FlowItemsOpen :one
-- 1 where an item is not final and its run has not ended.
select count(*) as items from flow_items i join flow_runs r on r.flow = i.flow and r.id = i.run
where i.flow = @flow and i.run = @run and i.step = @step and i.n = @n and i.status in ('pending', 'running') and r.state in ('queued', 'running', 'waiting');

-- name: TakeFlowClaim :exec
update flow_claims set flow = @flow, run = @run, step = @step, n = @n where connection = @connection and claim = @claim;

-- name: LeaveFlowClaim :exec
delete from flow_claims where connection = @connection and claim = @claim and flow = @flow and run = @run and step = @step and n = @n;

-- name: EraseFlowClaims :execrows
delete from flow_claims where flow_claims.connection = @connection and flow_claims.claim in
  (select c.claim from flow_claims c where c.connection = @connection order by c.claim limit @max_rows);
