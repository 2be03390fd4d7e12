-- name: LastState :one
select n, state, code from connection_states where connection = @connection order by n desc limit 1;

-- name: InsertState :exec
insert into connection_states (connection, n, since_at, state, code, detail) values (@connection, @n, @since_at, @state, @code, @detail);

-- name: TrimStates :exec
delete from connection_states where connection = @connection and n <= @n;

-- name: States :many
-- Each with the time at which the next one began.
select s.n, s.since_at, s.state, s.code, s.detail, u.since_at as until_at
from connection_states s left join connection_states u on u.connection = s.connection and u.n = s.n + 1
where s.connection = @connection and s.n < @before order by s.n desc limit @max_rows;

-- name: EraseStates :execrows
delete from connection_states where connection_states.connection = @connection and connection_states.n in
  (select s.n from connection_states s where s.connection = @connection order by s.n limit @max_rows);

-- name: PlanProbe :exec
update connections set probe_at = @probe_at where connection = @connection and state = 'unreachable';

-- name: ClaimProbe :execrows
-- One of many wins.
update connections set probe_at = @next_at, probe_count = probe_count + 1 where connection = @connection and probe_at = @seen_at and state = 'unreachable';

-- name: HurryProbe :exec
update connections set probe_at = @probe_at where connection = @connection and probe_at > @probe_at;

-- name: ProbesDue :many
-- Across connections: the look at systems that did not answer.
select * from connections where probe_at is not null and probe_at <= @now order by probe_at limit @max_rows;

-- name: HurryRuns :exec
update runs set retry_at = null where connection = @connection and state = 'queued' and reason_code = @reason_code;

-- name: PostponeRuns :exec
-- Runs that nobody works on.
update runs set retry_at = @retry_at, reason_code = @reason_code, reason_detail = @reason_detail
where connection = @connection and (state = 'queued' or state = 'running' and lease_until_at is null)
  and coalesce(retry_at, requested_at) < @retry_at;

-- name: HoldRun :execrows
-- The fence goes up at once: who let go may not write any more.
update runs set retry_at = @retry_at, reason_code = @reason_code, reason_detail = @reason_detail,
  lease_owner = '', lease_epoch = lease_epoch + 1, lease_until_at = null
where connection = @connection and id = @id and state = 'running' and lease_epoch = @lease_epoch;

-- name: FreeRuns :exec
update runs set retry_at = null, reason_code = '', reason_detail = ''
where connection = @connection and state in ('queued', 'running') and reason_code = @reason_code;

-- name: OpenQuarantineCounts :many
select s.entity, count(*) as records from quarantine q join streams s on s.connection = q.connection and s.stream = q.stream
where q.connection = @connection and q.state = 'open' group by s.entity;
