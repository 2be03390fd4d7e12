-- name: InsertFlowRun :exec
insert into flow_runs (flow, id, project_id, version, state, trigger_kind, input, settings, sealed, main_counts, in_count, pending_count, running_count, ok_count,
  failed_count, skipped_count, cancelled_count, created_at, started_at, finished_at, due_at, cancel_requested, paused, reason_code, reason_detail, caller, output,
  parent_flow, parent_run, parent_step, parent_n, retries, faults, change, erased)
values (@flow, @id, @project_id, @version, 'queued', @trigger_kind, @input, @settings, @sealed, @main_counts, @main_counts, @main_counts, 0, 0,
  0, 0, 0, @created_at, null, null, @created_at, 0, 0, '', '', @caller, '',
  @parent_flow, @parent_run, @parent_step, @parent_n, 0, 0, 0, 0);

-- name: InsertFlowRunConnection :execrows
insert into flow_run_connections (connection, flow, run, erased_step, erased_n)
select c.connection, cast(@flow as text), cast(@run as text), '', 0 from connections c where c.connection = @connection and c.deleting_at is null;

-- name: TakeOverFlowRunConnections :exec
-- Across connections: a run that is called is given data of whoever calls it, of all of its connections.
insert into flow_run_connections (connection, flow, run, erased_step, erased_n)
select p.connection, cast(@flow as text), cast(@run as text), '', 0 from flow_run_connections p where p.flow = @parent_flow and p.run = @parent_run
on conflict do nothing;

-- name: ShareFlowRunConnections :exec
-- Across connections: a run that calls another is given data of that, of all of its connections.
insert into flow_run_connections (connection, flow, run, erased_step, erased_n)
select c.connection, p.flow, p.id, '', 0 from flow_run_connections c join flow_runs p on p.flow = @parent_flow and p.id = @parent_run where c.flow = @flow and c.run = @run
on conflict do nothing;

-- name: FlowRunParent :one
select parent_flow, parent_run from flow_runs where flow = @flow and id = @id;

-- name: FlowRun :one
select * from flow_runs where flow = @flow and id = @id and state <> 'erasing';

-- name: FlowRunsOfFlow :many
select * from flow_runs where flow = @flow and id < @before and state <> 'erasing' and (cast(@state as text) = '' or state = @state) order by id desc limit @max_rows;

-- name: FlowRunsOfProject :many
select * from flow_runs where project_id = @project_id and id < @before and state <> 'erasing' and (cast(@state as text) = '' or state = @state) order by id desc limit @max_rows;

-- name: FlowRunsOpen :many
select * from flow_runs where flow = @flow and state in ('queued', 'running', 'waiting') order by id limit @max_rows;

-- name: FlowRunsAhead :many
-- Those of FlowRunsOpen, without what is large.
select id, state, due_at, paused from flow_runs where flow = @flow and state in ('queued', 'running', 'waiting') order by id limit @max_rows;

-- name: UnqueueFlowRuns :exec
-- Of a flow's first open runs, those that wait for others to end.
update flow_runs set due_at = @now, change = change + 1 where flow_runs.flow = @flow and flow_runs.state = 'queued' and flow_runs.due_at is null and flow_runs.paused = 0
  and flow_runs.id in (select o.id from flow_runs o where o.flow = @flow and o.state in ('queued', 'running', 'waiting') order by o.id limit @max_rows);

-- name: RunnableFlowRuns :many
-- A paused one goes on only to be cancelled.
select * from flow_runs where flow = @flow and due_at is not null and due_at <= @now and (paused = 0 or cancel_requested = 1) order by due_at, id limit @max_rows;

-- name: NextFlowRun :many
-- When the first of the runs goes on that is not due yet.
select due_at from flow_runs where flow = @flow and due_at is not null and (paused = 0 or cancel_requested = 1) order by due_at limit 1;

-- name: LockFlowRun :one
-- Takes the run's lock.
update flow_runs set change = change where flow = @flow and id = @id and state <> 'erasing' returning *;

-- name: SetFlowRun :execrows
-- Of a row that is as it was read.
update flow_runs set state = @state, started_at = @started_at, finished_at = @finished_at, due_at = @due_at, cancel_requested = @cancel_requested, paused = @paused,
  reason_code = @reason_code, reason_detail = @reason_detail, output = @output, retries = @retries, faults = @faults, change = change + 1
where flow = @flow and id = @id and change = @change and state <> 'erasing';

-- name: CountFlowItems :one
-- Takes the run's lock.
update flow_runs set in_count = in_count + cast(@taken as bigint), pending_count = pending_count + cast(@pending as bigint), running_count = running_count + cast(@running as bigint),
  ok_count = ok_count + cast(@ok as bigint), failed_count = failed_count + cast(@failed as bigint), skipped_count = skipped_count + cast(@skipped as bigint),
  cancelled_count = cancelled_count + cast(@cancelled as bigint)
where flow_runs.flow = @flow and flow_runs.id = @id and flow_runs.state <> 'erasing' returning *;

-- name: WakeFlowRun :exec
update flow_runs set due_at = case when due_at is null or due_at > cast(@now as bigint) then cast(@now as bigint) else due_at end, change = change + 1
where flow = @flow and id = @id and state in ('queued', 'running', 'waiting');

-- name: DropFlowRuns :exec
-- Of a flow that is gone: nobody sees them any more.
update flow_runs set state = 'erasing', due_at = null, finished_at = null where flow = @flow;

-- name: MarkFlowRuns :execrows
-- A run stays as long as another one that waited for it is not over.
update flow_runs set state = 'erasing', finished_at = null where (flow, id) in
  (select r.flow, r.id from flow_runs r where r.finished_at is not null and r.finished_at < @before and not exists
    (select 1 from flow_runs p where p.flow = r.parent_flow and p.id = r.parent_run and p.state in ('queued', 'running', 'waiting'))
  order by r.finished_at limit @max_rows);

-- name: NextErasingFlowRun :one
select flow, id from flow_runs where state = 'erasing' order by flow, id limit 1;

-- name: EraseFlowRun :execrows
delete from flow_runs where flow = @flow and id = @id;

-- name: EraseFlowRunConnections :execrows
-- Across connections: a run that goes leaves all of its own.
delete from flow_run_connections where flow = @flow and run = @run;

-- name: NextFlowRunOfConnection :one
select flow, run, erased_step, erased_n from flow_run_connections where connection = @connection order by flow, run limit 1;

-- name: SetErasedFlowItems :exec
update flow_run_connections set erased_step = @erased_step, erased_n = @erased_n where connection = @connection and flow = @flow and run = @run;

-- name: LeaveFlowRun :exec
delete from flow_run_connections where connection = @connection and flow = @flow and run = @run;

-- name: BlankFlowRun :execrows
update flow_runs set input = '', output = '', settings = '{}', sealed = null, reason_detail = '', erased = 1, change = change + 1 where flow = @flow and id = @id and erased = 0;

-- name: EndErasedFlowRun :exec
-- Of a run that was under way, whose open items are cancelled.
update flow_runs set state = 'cancelled', finished_at = @now, due_at = null, reason_code = @reason_code, change = change + 1
where flow = @flow and id = @id and state in ('queued', 'running', 'waiting');

-- name: EraseFlowRolesOf :execrows
delete from flow_connections where flow_connections.connection = @connection and (flow_connections.flow, flow_connections.role) in
  (select c.flow, c.role from flow_connections c where c.connection = @connection order by c.flow, c.role limit @max_rows);

-- name: ShiftFlowRuns :exec
-- After the clock went back.
update flow_runs set due_at = due_at - cast(@by as bigint), change = change + 1 where due_at is not null;
