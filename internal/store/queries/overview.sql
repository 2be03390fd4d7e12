-- name: CountActivity :exec
-- Of an hour, and of the day that it belongs to.
insert into activity (connection, span, begins_at, runs_complete, runs_incomplete, runs_failed, runs_cancelled, writes_applied, writes_rejected, writes_needs_human, writes_cancelled)
values (@connection, 3600, @hour_at, @runs_complete, @runs_incomplete, @runs_failed, @runs_cancelled, @writes_applied, @writes_rejected, @writes_needs_human, @writes_cancelled),
  (@connection, 86400, @day_at, @runs_complete, @runs_incomplete, @runs_failed, @runs_cancelled, @writes_applied, @writes_rejected, @writes_needs_human, @writes_cancelled)
on conflict (connection, span, begins_at) do update set runs_complete = activity.runs_complete + excluded.runs_complete, runs_incomplete = activity.runs_incomplete + excluded.runs_incomplete,
  runs_failed = activity.runs_failed + excluded.runs_failed, runs_cancelled = activity.runs_cancelled + excluded.runs_cancelled, writes_applied = activity.writes_applied + excluded.writes_applied,
  writes_rejected = activity.writes_rejected + excluded.writes_rejected, writes_needs_human= activity.writes_needs_human + excluded.writes_needs_human,
  writes_cancelled = activity.writes_cancelled + excluded.writes_cancelled;

-- name: ProjectActivity :many
-- Across connections: those of a project.
select a.begins_at, cast(sum(a.runs_complete) as bigint) as runs_complete, cast(sum(a.runs_incomplete) as bigint) as runs_incomplete, cast(sum(a.runs_failed) as bigint) as runs_failed,
  cast(sum(a.runs_cancelled) as bigint) as runs_cancelled, cast(sum(a.writes_applied) as bigint) as writes_applied, cast(sum(a.writes_rejected) as bigint) as writes_rejected,
  cast(sum(a.writes_needs_human) as bigint) as writes_needs_human, cast(sum(a.writes_cancelled) as bigint) as writes_cancelled
from connections c join activity a on a.connection = c.connection
where c.project_id = @project_id and a.span = @span and a.begins_at >= @since_at group by a.begins_at order by a.begins_at;

-- name: PurgeActivity :execrows
-- Across connections: what is too old to be shown.
delete from activity where (connection, span, begins_at) in
  (select a.connection, a.span, a.begins_at from activity a where a.span = @span and a.begins_at < @before_at order by a.begins_at limit @max_rows);

-- name: EraseActivity :execrows
delete from activity where activity.connection = @connection and (activity.span, activity.begins_at) in
  (select a.span, a.begins_at from activity a where a.connection = @connection order by a.span, a.begins_at limit @max_rows);

-- name: ConnectionsByState :many
select state, count(*) as connections from connections where project_id = @project_id and deleting_at is null group by state;

-- name: ConnectionsInState :many
select id, name, state_code, state_detail, state_since_at from connections
where project_id = @project_id and state = @state and deleting_at is null order by state_since_at, id limit @max_rows;

-- name: ProjectStreams :many
-- Across connections: those of a project that are connected. What is in quarantine is counted up to a limit.
select c.connection, c.id, c.name, c.state, s.stream, s.entity, s.schedule, s.paused, s.next_run_at, s.last_success_at, s.failures, s.error_code, s.error_detail, s.last_run,
  s.live_count, (select count(*) from (select 1 from quarantine q where q.connection = s.connection and q.stream = s.stream and q.state = 'open' limit @most_quarantined) bad) as quarantined
from connections c join streams s on s.connection = c.connection
where c.project_id = @project_id and c.state <> 'disconnected' and c.deleting_at is null order by c.connection, s.stream limit @max_rows;

-- name: ProjectHeld :many
-- Across connections: those of a project.
select c.id, c.name, s.entity, h.run, h.missing_count, h.held_at
from connections c join held_deletions h on h.connection = c.connection join streams s on s.connection = h.connection and s.stream = h.stream
where c.project_id = @project_id and c.state <> 'disconnected' and c.deleting_at is null and h.decision = 'pending' and h.run <> '' order by h.held_at, c.id limit @max_rows;

-- name: ProjectUndecided :many
-- Across connections: operations of a project that hold what a person has to decide.
select c.id, c.name, s.entity, o.id as operation, o.needs_human_count, o.finished_at
from operations o join connections c on c.connection = o.connection join streams s on s.connection = o.connection and s.stream = o.stream
where o.project_id = @project_id and o.needs_human_count > 0 and o.state not in ('receiving', 'erasing') and c.deleting_at is null order by o.id desc limit @max_rows;

-- name: ProjectFailedFlowRuns :many
select f.name, f.title, r.id, r.failed_count, r.created_at, r.reason_code, r.reason_detail
from flow_runs r join flows f on f.id = r.flow
where r.project_id = @project_id and r.failed_count > 0 and r.created_at >= @since_at and r.state <> 'erasing' order by r.created_at desc limit @max_rows;

-- name: ProjectFailedRuns :many
-- Across connections: the latest of each connection of a project.
select sqlc.embed(r), s.entity, c.id as connection_id, c.name
from connections c join runs r on r.connection = c.connection join streams s on s.connection = r.connection and s.stream = r.stream
where c.project_id = @project_id and c.deleting_at is null and r.id in
  (select x.id from runs x where x.connection = c.connection and x.state in ('failed', 'incomplete') and x.finished_at >= @since_at order by x.finished_at desc limit @max_rows)
order by r.finished_at desc, r.id limit @max_rows;

-- name: ProjectFailedOperations :many
-- Across connections: those of a project.
select sqlc.embed(o), s.entity, c.id as connection_id, c.name
from operations o join connections c on c.connection = o.connection join streams s on s.connection = o.connection and s.stream = o.stream
where o.project_id = @project_id and o.rejected_count + o.unknown_count + o.reconciling_count + o.needs_human_count > 0 and o.id < @before and o.state not in ('receiving', 'erasing')
  and c.deleting_at is null and (cast(@entity as text) = '' or s.entity = @entity) and (cast(@state as text) = '' or o.state = @state) and (cast(@kind as text) = '' or o.kind = @kind)
order by o.id desc limit @max_rows;

-- name: ProjectOperations :many
-- Across connections: those of a project.
select sqlc.embed(o), s.entity, c.id as connection_id, c.name
from operations o join connections c on c.connection = o.connection join streams s on s.connection = o.connection and s.stream = o.stream
where o.project_id = @project_id and o.id < @before and o.state not in ('receiving', 'erasing')
  and c.deleting_at is null and (cast(@entity as text) = '' or s.entity = @entity) and (cast(@state as text) = '' or o.state = @state) and (cast(@kind as text) = '' or o.kind = @kind)
order by o.id desc limit @max_rows;
