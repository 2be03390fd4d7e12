-- name: DeleteQuarantine :exec
delete from quarantine where connection = @connection and run = @run;

-- name: InsertQuarantine :exec
-- A twin is an older copy of a record that is stored: any stored one is newer.
insert into quarantine (connection, run, n, remote_id, pointer, reason, raw, stream, id, taken_seq, state)
values (@connection, @run, (select coalesce(max(q.n), 0) + 1 from quarantine q where q.connection = @connection and q.run = @run), @remote_id, @pointer, @reason, @raw,
  @stream, @id, case when cast(@twin as bigint) = 1 then 0 else (select s.seq from streams s where s.connection = @connection and s.stream = @stream) end, @state);

-- name: QuarantineSizes :many
select n, cast(length(raw) as bigint) as size from quarantine
where connection = @connection and run = @run and n > @after and (cast(@state as text) = '' or state = @state) order by n limit @max_rows;

-- name: Quarantine :many
select n, remote_id, pointer, reason, state, raw from quarantine
where connection = @connection and run = @run and n > @after and n <= @up_to and (cast(@state as text) = '' or state = @state) order by n;

-- name: QuarantineState :many
select n, taken_seq, state from quarantine where connection = @connection and run = @run and n >= @from_n and n <= @to_n order by n;

-- name: OpenQuarantineIDs :many
select run, n, id from quarantine where connection = @connection and stream = @stream and state = 'open' and id is not null;

-- name: CountQuarantine :many
select stream, count(*) as open_count from quarantine where connection = @connection and state = 'open' group by stream;

-- name: CountOpenQuarantine :one
select count(*) from quarantine where connection = @connection and stream = @stream and id = @id and state = 'open';

-- name: SupersedeQuarantined :exec
update quarantine set state = 'superseded' where connection = @connection and stream = @stream and id = @id and state = 'open';

-- name: SettleQuarantined :exec
update quarantine set state = @state where connection = @connection and run = @run and n = @n and state = 'open';

-- name: ExplainQuarantined :exec
update quarantine set pointer = @pointer, reason = @reason where connection = @connection and run = @run and n = @n and state = 'open';

-- name: DropQuarantine :execrows
-- What other runs of the stream left there: all of it, or what is settled.
delete from quarantine where quarantine.connection = @connection and (quarantine.run, quarantine.n) in
  (select q.run, q.n from quarantine q where q.connection = @connection and q.stream = @stream and q.run <> @run and (cast(@everything as bigint) = 1 or q.state <> 'open')
   order by q.run, q.n limit @max_rows);

-- name: FreeRunOfStream :exec
-- Whoever works on the stream's run loses it, and the run goes on from its last stored page: what was classified meanwhile does not hold any more.
update runs set lease_owner = '', lease_epoch = lease_epoch + 1, lease_until_at = null
where connection = @connection and stream = @stream and state = 'running' and lease_until_at is not null;
