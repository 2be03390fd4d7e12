-- name: InsertRun :exec
insert into runs (connection, id, stream, mode, cause, state, pages_count, fetched_count, unchanged_count, created_count, updated_count, deleted_count,
  quarantined_count, expected, requested_at, started_at, finished_at, retry_at, attempt, since_at, history_from_at, start_seq, checkpoint,
  cancel_requested, reason_code, reason_detail, dormant, lease_owner, lease_epoch, lease_until_at)
values (@connection, @id, @stream, @mode, @cause, 'queued', 0, 0, 0, 0, 0, 0,
  0, -1, @requested_at, null, null, null, 0, null, null, 0, '',
  0, '', '', @dormant, '', 0, null);

-- name: UpgradeRun :exec
-- A stronger run begins at the beginning.
update runs set mode = @mode, cause = @cause, pages_count = 0, fetched_count = 0, unchanged_count = 0, created_count = 0, updated_count = 0,
  deleted_count = 0, quarantined_count = 0, expected = -1, started_at = null, retry_at = null, attempt = 0, since_at = null, history_from_at = null,
  start_seq = 0, checkpoint = '', reason_code = '', reason_detail = ''
where connection = @connection and id = @id and state = 'queued';

-- name: HurryRun :exec
update runs set retry_at = null, cause = @cause where connection = @connection and id = @id and state = 'queued';

-- name: AskForRun :exec
-- Somebody asks for a run that is under way already.
update runs set cause = @cause where connection = @connection and id = @id and state = 'running';

-- name: Run :one
select sqlc.embed(r), s.entity from runs r join streams s on s.connection = r.connection and s.stream = r.stream
where r.connection = @connection and r.id = @id;

-- name: Runs :many
select sqlc.embed(r), s.entity from runs r join streams s on s.connection = r.connection and s.stream = r.stream
where r.connection = @connection and r.id < @before
  and (cast(@entity as text) = '' or s.entity = @entity)
  and (cast(@state as text) = '' or r.state = @state)
order by r.id desc limit @max_rows;

-- name: ActiveRuns :many
select sqlc.embed(r), s.entity from runs r join streams s on s.connection = r.connection and s.stream = r.stream
where r.connection = @connection and r.state in ('queued', 'running')
order by r.stream, r.state desc;

-- name: ActiveRunsOfStream :many
select * from runs where connection = @connection and stream = @stream and state in ('queued', 'running') order by state desc;

-- name: LastRuns :many
select sqlc.embed(r), s.entity from streams s join runs r on r.connection = s.connection and r.id = s.last_run where s.connection = @connection;

-- name: RunnableRuns :many
select sqlc.embed(r), s.entity from runs r join streams s on s.connection = r.connection and s.stream = r.stream
where r.connection = @connection and r.state in ('queued', 'running')
  and coalesce(r.lease_until_at, r.retry_at, r.requested_at) <= @now
  and (r.state = 'running' or not exists
    (select 1 from runs o where o.connection = r.connection and o.stream = r.stream and o.state = 'running'))
order by r.stream;

-- name: ConnectionsWithRunnableRuns :many
-- Across connections: the ticker that wakes the workers. Looks at a window of the runs that are ready, those that waited longest first.
select c.connection, c.id from
  (select r.connection, coalesce(r.lease_until_at, r.retry_at, r.requested_at) as ready from runs r
   where r.state in ('queued', 'running') and r.dormant = 0 and coalesce(r.lease_until_at, r.retry_at, r.requested_at) <= @now
     and r.cause not in ('manual', 'connect') and (r.state = 'running' or not exists
       (select 1 from runs o where o.connection = r.connection and o.stream = r.stream and o.state = 'running'))
   order by coalesce(r.lease_until_at, r.retry_at, r.requested_at) limit @window_rows) w
join connections c on c.connection = w.connection
group by c.connection, c.id order by min(w.ready) limit @max_rows;

-- name: ConnectionsWithAskedRuns :many
-- Across connections: the same, of runs for which somebody waits.
select c.connection, c.id from
  (select r.connection, coalesce(r.lease_until_at, r.retry_at, r.requested_at) as ready from runs r
   where r.state in ('queued', 'running') and r.dormant = 0 and r.cause in ('manual', 'connect')
     and coalesce(r.lease_until_at, r.retry_at, r.requested_at) <= @now
     and (r.state = 'running' or not exists
       (select 1 from runs o where o.connection = r.connection and o.stream = r.stream and o.state = 'running'))
   order by coalesce(r.lease_until_at, r.retry_at, r.requested_at) limit @window_rows) w
join connections c on c.connection = w.connection
group by c.connection, c.id order by min(w.ready) limit @max_rows;

-- name: AcquireRun :execrows
update runs set state = 'running', reason_code = case when reason_code = 'blackout' then '' else reason_code end,
  reason_detail = case when reason_code = 'blackout' then '' else reason_detail end, lease_owner = @lease_owner, lease_epoch = lease_epoch + 1, lease_until_at = @lease_until_at, retry_at = null,
  attempt = attempt + case when state = 'queued' then 1 else 0 end,
  start_seq = case when started_at is null then cast(@start_seq as bigint) else start_seq end,
  started_at = coalesce(started_at, cast(@now as bigint))
where runs.connection = @connection and runs.id = @id
  and (coalesce(lease_until_at, retry_at) is null or coalesce(lease_until_at, retry_at) <= @now)
  and (state = 'running' or state = 'queued' and not exists
      (select 1 from runs o where o.connection = runs.connection and o.stream = runs.stream and o.state = 'running'));

-- name: RenewRun :one
update runs set lease_until_at = @lease_until_at
where connection = @connection and id = @id and state = 'running' and lease_epoch = @lease_epoch returning cancel_requested;

-- name: ReleaseRun :execrows
-- The fence goes up at once: who let go may not write any more.
update runs set lease_owner = '', lease_epoch = lease_epoch + 1, lease_until_at = null
where connection = @connection and id = @id and state = 'running' and lease_epoch = @lease_epoch;

-- name: ClearLeases :exec
-- Across connections: embedded mode, at start.
update runs set lease_owner = '', lease_epoch = lease_epoch + 1, lease_until_at = null where state = 'running' and lease_until_at is not null;

-- name: PlanRun :execrows
update runs set since_at = @since_at, history_from_at = @history_from_at, checkpoint = @checkpoint
where connection = @connection and id = @id and state = 'running' and lease_epoch = @lease_epoch;

-- name: BeginReading :execrows
-- What is stored up to here was stored before the run reads its first page.
update runs set start_seq = @start_seq, checkpoint = @checkpoint
where connection = @connection and id = @id and state = 'running' and lease_epoch = @lease_epoch;

-- name: ForgetBad :execrows
update runs set quarantined_count = 0
where connection = @connection and id = @id and state = 'running' and lease_epoch = @lease_epoch;

-- name: ShiftRetries :exec
-- Across connections: after the clock went back.
update runs set retry_at = retry_at - cast(@by as bigint), requested_at = requested_at - cast(@by as bigint) where state = 'queued';

-- name: FenceRun :one
-- Takes the run's row, if the lease is still held and no page is missing that its holder has stored: a database that fell back has lost some.
update runs set cancel_requested = cancel_requested
where connection = @connection and id = @id and state = 'running' and lease_epoch = @lease_epoch and pages_count = @pages returning cancel_requested, mode;

-- name: CountRun :one
-- The fence of a page, and of the pages before it.
update runs set pages_count = pages_count + @pages, fetched_count = fetched_count + @fetched, unchanged_count = unchanged_count + @unchanged,
  created_count = created_count + @created, updated_count = updated_count + @updated, deleted_count = deleted_count + @deleted,
  quarantined_count = quarantined_count + @quarantined, expected = @expected, checkpoint = @checkpoint,
  since_at = @since_at, history_from_at = @history_from_at
where connection = @connection and id = @id and state = 'running' and lease_epoch = @lease_epoch and pages_count = @pages_before returning *;

-- name: CancelRun :execrows
update runs set state = 'cancelled', finished_at = @finished_at, retry_at = null where connection = @connection and id = @id and state = 'queued';

-- name: AskCancelRun :exec
update runs set cancel_requested = 1 where connection = @connection and id = @id and state = 'running';

-- name: FinishRun :execrows
update runs set state = @state, reason_code = @reason_code, reason_detail = @reason_detail, finished_at = @finished_at, retry_at = @retry_at,
  lease_owner = '', lease_epoch = lease_epoch + 1, lease_until_at = null
where connection = @connection and id = @id and state = 'running' and lease_epoch = @lease_epoch;

-- name: DelayQueuedRun :exec
update runs set retry_at = @retry_at where connection = @connection and stream = @stream and state = 'queued';

-- name: InsertSeen :exec
insert into run_seen (connection, run, n, seqs)
values (@connection, @run, (select coalesce(max(s.n), 0) + 1 from run_seen s where s.connection = @connection and s.run = @run), @seqs);

-- name: Seen :many
select seqs from run_seen where connection = @connection and run = @run order by n;

-- name: DeleteSeen :exec
delete from run_seen where connection = @connection and run = @run;
