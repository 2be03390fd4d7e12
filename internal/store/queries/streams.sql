-- name: InsertStream :exec
insert into streams (connection, stream, entity, epoch, seq, changed_at, reset_run, mapping, cursor_at, schedule, history, paused, dormant, next_run_at,
  last_success_at, last_full_at, full_tried_at, live_count, deleted_count, failures, error_code, error_detail, last_run)
values (@connection, (select coalesce(max(s.stream), 0) + 1 from streams s where s.connection = @connection), @entity, @epoch, 0, 0, '', '', @cursor_at,
  @schedule, @history, @paused, @dormant, @next_run_at, null, null, null, 0, 0, 0, '', '', '')
on conflict (connection, entity) do nothing;

-- name: SetMapping :exec
update streams set mapping = @mapping where connection = @connection and stream = @stream;

-- name: Streams :many
select * from streams where connection = @connection order by stream;

-- name: Stream :one
select * from streams where connection = @connection and entity = @entity;

-- name: LockStream :one
-- Takes the stream's lock.
update streams set seq = seq where connection = @connection and entity = @entity returning *;

-- name: LockStreams :exec
-- Takes the locks of all streams of a connection.
update streams set seq = seq where connection = @connection;

-- name: NextSeqs :one
-- Takes the stream's lock and n numbers; the clock of a stream never stands and never goes back, so a time names one commit.
update streams set seq = seq + @n, changed_at = case when changed_at < @now then @now else changed_at + 1 end
where connection = @connection and stream = @stream returning epoch, seq, changed_at;

-- name: LockStreamNumber :exec
-- Takes the stream's lock.
update streams set seq = seq where connection = @connection and stream = @stream;

-- name: Standing :one
-- Of a record and its stream, whose lock is held: the head, if there is one, and the run that reads the stream now.
select s.seq, s.epoch, s.changed_at, h.raw_hash, h.seq as head_seq, h.created_seq, h.created_at, cast(coalesce(h.deleted, 0) as bigint) as deleted, h.remote_updated_at, h.range_at, r.mode, r.start_seq
from streams s
left join heads h on h.connection = s.connection and h.stream = s.stream and h.id = @id
left join runs r on r.connection = s.connection and r.stream = s.stream and r.state = 'running'
where s.connection = @connection and s.stream = @stream;

-- name: TakeSeqs :exec
-- Of a stream whose lock is held: takes the numbers up to seq, and counts the records that come with them.
update streams set seq = @seq, live_count = live_count + @live, deleted_count = deleted_count + @deleted, changed_at = @changed_at
where connection = @connection and stream = @stream;

-- name: CountRecords :exec
update streams set live_count = live_count + @live, deleted_count = deleted_count + @deleted where connection = @connection and stream = @stream;

-- name: SetStream :execrows
update streams set schedule = @schedule, history = @history, paused = @paused, next_run_at = @next_run_at
where connection = @connection and stream = @stream;

-- name: DueStreams :many
-- Across connections: the scheduler's tick.
select s.connection, s.entity, s.schedule, s.next_run_at, s.full_tried_at, c.id, c.blackouts, c.time_zone from streams s join connections c on c.connection = s.connection
where s.paused = 0 and s.dormant = 0 and s.next_run_at is not null and s.next_run_at <= @now
order by s.next_run_at limit @max_rows;

-- name: ClaimDueStream :execrows
-- Of all that saw the stream due, one gets it.
update streams set next_run_at = @next_run_at
where connection = @connection and entity = @entity and next_run_at = @due_at and paused = 0 and dormant = 0;

-- name: ShiftSchedules :exec
-- Across connections: after the clock went back.
update streams set next_run_at = next_run_at - cast(@by as bigint) where next_run_at is not null;

-- name: Position :one
select epoch, seq, last_success_at from streams where connection = @connection and entity = @entity;

-- name: FinishStream :exec
update streams set last_run = @last_run, cursor_at = @cursor_at, last_success_at = @last_success_at, last_full_at = @last_full_at, full_tried_at = @full_tried_at, failures = @failures,
  error_code = @error_code, error_detail = @error_detail, next_run_at = @next_run_at
where connection = @connection and stream = @stream;

-- name: RaiseEpoch :exec
update streams set epoch = epoch + 1, reset_run = @reset_run where connection = @connection and stream = @stream;

-- name: StreamNumber :one
select stream from streams where connection = @connection and entity = @entity;

-- name: RaiseEpochs :exec
-- Across connections: after the database moved to a server that may lack commits.
update streams set epoch = epoch + 1;
