-- Rows of operations. Whoever changes them has taken the operation's row.

-- name: Item :one
select * from operation_items where connection = @connection and operation = @operation and n = @n;

-- name: Items :many
-- bare: without what was asked for, which may be large.
select connection, operation, n, client_ref, op, record, remote_id, status, cast(case when cast(@bare as bigint) = 1 then '' else data end as text) as data, if_match, mark, version, error, warnings,
  attempts, looks, sent_at, due_at, updated_at, cast(case when cast(@bare as bigint) = 1 then '' else wanted end as text) as wanted, job
from operation_items
where connection = @connection and operation = @operation and n >= @from_n and (cast(@due as bigint) = 0 or due_at is null or due_at <= @due)
order by n limit @max_rows;

-- name: ItemsByStatus :many
-- bare: without what was asked for, which may be large.
select connection, operation, n, client_ref, op, record, remote_id, status, cast(case when cast(@bare as bigint) = 1 then '' else data end as text) as data, if_match, mark, version, error, warnings,
  attempts, looks, sent_at, due_at, updated_at, cast(case when cast(@bare as bigint) = 1 then '' else wanted end as text) as wanted, job
from operation_items
where connection = @connection and operation = @operation and status = @status and n >= @from_n
  and (cast(@due as bigint) = 0 or due_at is null or due_at <= @due)
order by n limit @max_rows;

-- name: SetItem :execresult
-- Of an item that is as it was known.
update operation_items set record = @record, remote_id = @remote_id, status = @status, version = @version, error = @error, warnings = @warnings, wanted = @wanted, job = @job,
  attempts = @attempts, looks = @looks, sent_at = @sent_at, due_at = @due_at, updated_at = @updated_at
where connection = @connection and operation = @operation and n = @n and status = @was_status and attempts = @was_attempts and looks = @was_looks;

-- name: DoubtItems :execrows
-- What the holder before left under way.
update operation_items set status = 'unknown', updated_at = @updated_at
where connection = @connection and operation = @operation and status in ('sending', 'reconciling');

-- name: DoubtPendingItems :exec
-- Across connections: after the database moved to a server that may lack commits. None of them was sent before its operation was made.
update operation_items set status = 'unknown', due_at = null, updated_at = @now, sent_at = coalesce(sent_at,
  (select o.created_at from operations o where o.connection = operation_items.connection and o.id = operation_items.operation))
where status = 'pending' and (connection, operation) in
  (select o.connection, o.id from operations o where o.due_at is not null and o.pending_count = 0);

-- name: CancelItems :execrows
update operation_items set status = 'cancelled', error = @error, due_at = null, updated_at = @updated_at
where operation_items.connection = @connection and operation_items.operation = @operation and operation_items.status = 'pending' and operation_items.n in
  (select i.n from operation_items i where i.connection = @connection and i.operation = @operation and i.status = 'pending' order by i.n limit @max_rows);

-- name: RetryItems :execrows
-- One without a mark was no item to be sent in the first place.
update operation_items set status = 'pending', error = '', warnings = '', looks = 0, due_at = null, updated_at = @updated_at
where operation_items.connection = @connection and operation_items.operation = @operation and operation_items.status = @status and operation_items.n in
  (select i.n from operation_items i where i.connection = @connection and i.operation = @operation and i.status = @status and i.mark <> '' order by i.n limit @max_rows);

-- name: ShiftItems :exec
-- Across connections: after the clock went back.
update operation_items set due_at = due_at - cast(@by as bigint)
where due_at is not null and (connection, operation) in (select o.connection, o.id from operations o where o.due_at is not null);

-- name: EraseItemsOf :execrows
delete from operation_items where operation_items.connection = @connection and operation_items.operation = @operation and operation_items.n in
  (select i.n from operation_items i where i.connection = @connection and i.operation = @operation order by i.n limit @max_rows);

-- name: EraseItems :execrows
delete from operation_items where operation_items.connection = @connection and (operation_items.operation, operation_items.n) in
  (select i.operation, i.n from operation_items i where i.connection = @connection order by i.operation, i.n limit @max_rows);

-- name: Attempts :many
select * from operation_attempts where connection = @connection and operation = @operation and n = @n order by attempt;

-- name: AppendAttempt :exec
insert into operation_attempts (connection, operation, n, attempt, kind, started_at, ended_at, outcome, sent, answer, detail)
values (@connection, @operation, @n,
  (select coalesce(max(a.attempt), 0) + 1 from operation_attempts a where a.connection = @connection and a.operation = @operation and a.n = @n),
  @kind, @started_at, @ended_at, @outcome, @sent, @answer, @detail);

-- name: PutAttempt :exec
insert into operation_attempts (connection, operation, n, attempt, kind, started_at, ended_at, outcome, sent, answer, detail)
values (@connection, @operation, @n, @attempt, @kind, @started_at, @ended_at, @outcome, @sent, @answer, @detail)
on conflict (connection, operation, n, attempt) do update set kind = excluded.kind, started_at = excluded.started_at, ended_at = excluded.ended_at,
  outcome = excluded.outcome, sent = excluded.sent, answer = excluded.answer, detail = excluded.detail;

-- name: EndAttempt :exec
-- The latest gets its end; where it has one, or where there is none, the end is a line of its own.
insert into operation_attempts (connection, operation, n, attempt, kind, started_at, ended_at, outcome, sent, answer, detail)
values (@connection, @operation, @n,
  coalesce((select a.attempt + case when a.ended_at is null then 0 else 1 end from operation_attempts a
    where a.connection = @connection and a.operation = @operation and a.n = @n order by a.attempt desc limit 1), 1),
  @kind, @started_at, @ended_at, @outcome, @sent, @answer, @detail)
on conflict (connection, operation, n, attempt) do update set ended_at = excluded.ended_at, outcome = excluded.outcome, answer = excluded.answer, detail = excluded.detail;

-- name: EraseAttemptsOf :execrows
delete from operation_attempts where operation_attempts.connection = @connection and operation_attempts.operation = @operation
  and (operation_attempts.n, operation_attempts.attempt) in
  (select a.n, a.attempt from operation_attempts a where a.connection = @connection and a.operation = @operation order by a.n, a.attempt limit @max_rows);

-- name: EraseAttempts :execrows
delete from operation_attempts where operation_attempts.connection = @connection
  and (operation_attempts.operation, operation_attempts.n, operation_attempts.attempt) in
  (select a.operation, a.n, a.attempt from operation_attempts a where a.connection = @connection order by a.operation, a.n, a.attempt limit @max_rows);

-- name: MadeByAnother :one
-- Whether another item made the record, or has taken it for its own.
select cast(count(*) as bigint) from (select 1 from operation_items i where i.connection = @connection and i.record = @record and i.op = 'create' and i.record is not null
  and i.status not in ('rejected', 'cancelled') and not (i.operation = @operation and i.n = @n) limit 1) made;

-- name: CreatesUnderWay :many
-- Of a stream: what has been sent and has no answer yet. An operation in which there is any has something left to do.
select i.* from operations o join operation_items i on i.connection = o.connection and i.operation = o.id
where o.connection = @connection and o.stream = @stream and o.due_at is not null and o.sending_count > 0 and i.op = 'create' and i.status = 'sending';

-- name: TakeRecord :execresult
-- One that the item has already stays its own.
insert into record_writes (connection, record, operation, n) values (@connection, @record, @operation, @n)
on conflict (connection, record) do update set n = excluded.n where record_writes.operation = excluded.operation and record_writes.n = excluded.n;

-- name: WhoWrites :one
select operation, n from record_writes where connection = @connection and record = @record;

-- name: GiveRecord :exec
delete from record_writes where connection = @connection and record = @record and operation = @operation and n = @n;

-- name: EraseRecordWrites :execrows
delete from record_writes where record_writes.connection = @connection and record_writes.record in
  (select w.record from record_writes w where w.connection = @connection order by w.record limit @max_rows);

-- name: TakeDoubtfulRecords :exec
-- Across connections: after the database moved to a server that may lack commits.
insert into record_writes (connection, record, operation, n)
select i.connection, i.record, i.operation, i.n from operation_items i where i.status = 'pending' and i.record is not null and (i.connection, i.operation) in
  (select o.connection, o.id from operations o where o.due_at is not null and o.pending_count = 0)
on conflict (connection, record) do nothing;
