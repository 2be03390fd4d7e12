-- name: InsertOperation :exec
insert into operations (connection, id, stream, kind, state, mode, on_error, chunk_size, chunk_delay, strict, total_count, pending_count, sending_count,
  applied_count, rejected_count, unknown_count, reconciling_count, needs_human_count, cancelled_count, created_at, started_at, finished_at, due_at,
  cancel_requested, dormant, caller, request, reason_code, reason_detail, lease_owner, lease_epoch, lease_until_at, project_id)
values (@connection, @id, @stream, @kind, 'receiving', @mode, @on_error, @chunk_size, @chunk_delay, @strict, 0, 0, 0,
  0, 0, 0, 0, 0, 0, @created_at, null, null, null,
  0, @dormant, @caller, @request, '', '', '', 0, null, (select c.project_id from connections c where c.connection = @connection));

-- name: InsertHeldOperation :exec
-- Of one item that is pending, and at work from the start.
insert into operations (connection, id, stream, kind, state, mode, on_error, chunk_size, chunk_delay, strict, total_count, pending_count, sending_count,
  applied_count, rejected_count, unknown_count, reconciling_count, needs_human_count, cancelled_count, created_at, started_at, finished_at, due_at,
  cancel_requested, dormant, caller, request, reason_code, reason_detail, lease_owner, lease_epoch, lease_until_at, project_id)
values (@connection, @id, @stream, @kind, 'running', @mode, @on_error, @chunk_size, @chunk_delay, @strict, 1, 1, 0,
  0, 0, 0, 0, 0, 0, @created_at, @created_at, null, @created_at,
  0, @dormant, @caller, @request, '', '', @lease_owner, 1, @lease_until_at, (select c.project_id from connections c where c.connection = @connection));

-- name: ReceiveItems :execrows
-- Takes the operation's lock.
update operations set total_count = total_count + cast(@pending as bigint) + cast(@rejected as bigint), pending_count = pending_count + cast(@pending as bigint),
  rejected_count = rejected_count + cast(@rejected as bigint) where connection = @connection and id = @id and state = 'receiving';

-- name: QueueOperation :one
update operations set state = 'queued', dormant = @dormant, due_at = @due_at, mode = @mode, on_error = @on_error, chunk_size = @chunk_size, chunk_delay = @chunk_delay
where operations.connection = @connection and operations.id = @id and operations.state = 'receiving' returning *;

-- name: Operation :one
select sqlc.embed(o), s.entity from operations o join streams s on s.connection = o.connection and s.stream = o.stream
where o.connection = @connection and o.id = @id and o.state not in ('receiving', 'erasing');

-- name: Operations :many
select sqlc.embed(o), s.entity from operations o join streams s on s.connection = o.connection and s.stream = o.stream
where o.connection = @connection and o.id < @before and o.state not in ('receiving', 'erasing')
  and (cast(@entity as text) = '' or s.entity = @entity)
  and (cast(@state as text) = '' or o.state = @state)
  and (cast(@kind as text) = '' or o.kind = @kind)
  and (cast(@failed as bigint) = 0 or o.rejected_count + o.unknown_count + o.reconciling_count + o.needs_human_count > 0)
order by o.id desc limit @max_rows;

-- name: RunnableOperations :many
-- Single ones first, then those that waited longest.
select sqlc.embed(o), s.entity from operations o join streams s on s.connection = o.connection and s.stream = o.stream
where o.connection = @connection and o.due_at is not null and coalesce(o.lease_until_at, o.due_at) <= @now
order by o.kind desc, coalesce(o.lease_until_at, o.due_at), o.id limit @max_rows;

-- name: ConnectionsWithOperations :many
-- Across connections: the ticker that wakes the workers. Steps from connection to connection, however many operations one of them has.
with recursive busy (connection) as (
  select coalesce((select o.connection from operations o where o.due_at is not null and o.dormant = 0 and coalesce(o.lease_until_at, o.due_at) <= @now
    order by o.connection limit 1), 0)
  union all
  select coalesce((select o.connection from operations o where o.due_at is not null and o.dormant = 0 and o.connection > b.connection
    and coalesce(o.lease_until_at, o.due_at) <= @now order by o.connection limit 1), 0)
  from busy b where b.connection > 0
)
select c.connection, c.id from busy b join connections c on c.connection = b.connection
order by (select min(coalesce(o.lease_until_at, o.due_at)) from operations o
  where o.connection = b.connection and o.due_at is not null and o.dormant = 0 and coalesce(o.lease_until_at, o.due_at) <= @now), c.connection
limit @max_rows;

-- name: AcquireOperation :one
update operations set state = 'running', started_at = coalesce(started_at, cast(@now as bigint)),
  reason_code = case when cancel_requested = 1 then reason_code else '' end, reason_detail = case when cancel_requested = 1 then reason_detail else '' end,
  lease_owner = @lease_owner, lease_epoch = lease_epoch + 1, lease_until_at = @lease_until_at
where operations.connection = @connection and operations.id = @id and operations.state in ('queued', 'running') and due_at <= @now
  and (lease_until_at is null or lease_until_at <= @now) returning *;

-- name: FenceOperation :one
-- Takes the operation's row, if the lease is still held.
update operations set cancel_requested = cancel_requested
where connection = @connection and id = @id and state = 'running' and lease_epoch = @lease_epoch and lease_until_at is not null returning *;

-- name: FreeOperation :one
-- Takes the operation's row, if nobody works on it; whoever did, too long ago, may not write any more.
update operations set lease_owner = '', lease_epoch = lease_epoch + 1, lease_until_at = null
where connection = @connection and id = @id and state not in ('receiving', 'erasing') and (lease_until_at is null or lease_until_at <= @now) returning *;

-- name: RenewOperation :one
update operations set lease_until_at = @lease_until_at
where connection = @connection and id = @id and state = 'running' and lease_epoch = @lease_epoch and lease_until_at is not null returning cancel_requested;

-- name: SetOperation :exec
-- Of a row that the transaction has taken. The fence goes up at once: who let go may not write any more.
update operations set state = @state, finished_at = @finished_at, due_at = @due_at, cancel_requested = @cancel_requested, reason_code = @reason_code,
  reason_detail = @reason_detail, lease_owner = '', lease_epoch = lease_epoch + 1, lease_until_at = null,
  pending_count = @pending, sending_count = @sending, applied_count = @applied, rejected_count = @rejected, unknown_count = @unknown,
  reconciling_count = @reconciling, needs_human_count = @needs_human, cancelled_count = @cancelled
where connection = @connection and id = @id;

-- name: CountItems :exec
-- Of a row that the transaction has taken.
update operations set pending_count = @pending, sending_count = @sending, applied_count = @applied, rejected_count = @rejected, unknown_count = @unknown,
  reconciling_count = @reconciling, needs_human_count = @needs_human, cancelled_count = @cancelled
where connection = @connection and id = @id;

-- name: AskCancelOperation :exec
-- One that rests is due, also where its connection takes no writes.
update operations set cancel_requested = 1, dormant = 0, due_at = case when due_at > @now then @now else due_at end
where connection = @connection and id = @id and state in ('queued', 'running');

-- name: CancelOperations :exec
-- All of a connection.
update operations set cancel_requested = 1, dormant = 0, due_at = case when due_at > @now then @now else due_at end,
  reason_code = @reason_code, reason_detail = @reason_detail
where connection = @connection and due_at is not null;

-- name: SetOperationsDormant :exec
update operations set dormant = @dormant where connection = @connection and due_at is not null and cancel_requested = 0 and dormant <> @dormant;

-- name: FreeOperations :exec
update operations set due_at = case when due_at > @now then @now else due_at end, reason_code = '', reason_detail = ''
where connection = @connection and due_at is not null and reason_code = @reason_code and cancel_requested = 0;

-- name: ClearOperationLeases :exec
-- Across connections: embedded mode, at start; and after the database moved to a server that may lack commits.
update operations set lease_owner = '', lease_epoch = lease_epoch + 1, lease_until_at = null where due_at is not null and lease_until_at is not null;

-- name: ShiftOperations :exec
-- Across connections: after the clock went back.
update operations set due_at = due_at - cast(@by as bigint) where due_at is not null;

-- name: DoubtOperations :exec
-- Across connections: after the database moved to a server that may lack commits. Their items follow: those that are pending where none is counted.
update operations set unknown_count = unknown_count + pending_count, pending_count = 0, state = 'running', started_at = coalesce(started_at, created_at),
  due_at = case when due_at > @now then @now else due_at end
where due_at is not null and pending_count > 0;

-- name: MarkReceiving :exec
-- Across connections: what was received so long ago and has no end is erased.
update operations set state = 'erasing' where state = 'receiving' and created_at < @before;

-- name: MarkFinished :execrows
-- Across connections: what ended so long ago is erased, unless a flow has yet to learn what became of it. What goes on meanwhile is not: what was found is looked at again under its lock.
update operations set state = 'erasing', finished_at = null where (connection, id) in
  (select o.connection, o.id from operations o where o.finished_at is not null and o.needs_human_count = 0 and o.finished_at < @before
     and not exists (select 1 from connections c join flow_items i on i.connection = c.id and i.operation = o.id
       where c.connection = o.connection and i.operation <> '' and i.waits = 'operation')
   order by o.finished_at limit @max_rows)
  and finished_at is not null and needs_human_count = 0 and finished_at < @before;

-- name: NextErasing :one
-- Across connections: takes the lock of one that is to be erased.
update operations set state = 'erasing' where (connection, id) =
  (select o.connection, o.id from operations o where o.state = 'erasing' order by o.connection, o.id limit 1) and operations.state = 'erasing'
returning connection, id;

-- name: EraseOperation :execrows
delete from operations where connection = @connection and id = @id and state = 'erasing';

-- name: EraseOperations :execrows
delete from operations where operations.connection = @connection and operations.id in
  (select o.id from operations o where o.connection = @connection order by o.id limit @max_rows);

-- name: WakeOperation :exec
-- One that was not open may lie on a connection whose state changed meanwhile: whoever takes it finds out.
update operations set dormant = 0 where connection = @connection and id = @id;
