-- name: FlowItem :one
select * from flow_items where flow = @flow and run = @run and step = @step and n = @n;

-- name: FlowItemOfKey :one
select * from flow_items where flow = @flow and run = @run and step = @step and item_key = @item_key;

-- name: FlowItems :many
-- statuses: between commas; empty: all. bare: without what is large.
select flow, run, step, n, item_key, status, attempts, cast(case when cast(@bare as bigint) = 1 then '' else thread end as text) as thread,
  cast(case when cast(@bare as bigint) = 1 then '' else input end as text) as input, cast(case when cast(@bare as bigint) = 1 then '' else output end as text) as output,
  error, due_at, waits, operation, operation_n, connection, updated_at
from flow_items where flow = @flow and run = @run and (step, n) >= (cast(@from_step as text), cast(@from_n as bigint))
  and (cast(@whole as bigint) = 1 or step = @step) and (cast(@statuses as text) = '' or cast(@statuses as text) like '%,' || status || ',%')
order by step, n limit @max_rows;

-- name: FlowItemsByStatus :many
select flow, run, step, n, item_key, status, attempts, cast(case when cast(@bare as bigint) = 1 then '' else thread end as text) as thread,
  cast(case when cast(@bare as bigint) = 1 then '' else input end as text) as input, cast(case when cast(@bare as bigint) = 1 then '' else output end as text) as output,
  error, due_at, waits, operation, operation_n, connection, updated_at
from flow_items where flow = @flow and run = @run and status = @status and (step, n) >= (cast(@from_step as text), cast(@from_n as bigint))
  and (cast(@whole as bigint) = 1 or step = @step)
order by step, n limit @max_rows;

-- name: RunnableFlowItems :many
select * from flow_items where flow = @flow and run = @run and due_at is not null and due_at <= @now order by step, n limit @max_rows;

-- name: NextFlowItem :many
-- When the first of the items goes on.
select due_at from flow_items where flow = @flow and run = @run and due_at is not null order by due_at limit 1;

-- name: FlowItemCounts :many
select step, status, count(*) as items from flow_items where flow = @flow and run = @run group by step, status order by step, status;

-- name: NextFlowItemN :one
select cast(coalesce(max(n) + 1, 0) as bigint) as n from flow_items where flow = @flow and run = @run and step = @step;

-- name: WaitersOfOperation :many
select flow, run, step, n from flow_items where connection = @connection and operation = @operation and operation <> '' and waits = 'operation' order by flow, run, step, n;

-- name: WakeFlowItemsOfOperation :exec
update flow_items set due_at = @now where connection = @connection and operation = @operation and operation <> '' and waits = 'operation' and flow = @flow and run = @run;

-- name: WakeFlowItem :execrows
update flow_items set due_at = @now where flow = @flow and run = @run and step = @step and n = @n and status in ('pending', 'running');

-- name: CancelFlowItems :execrows
-- main: of the main thread, or of what the eachs have taken in.
update flow_items set status = 'cancelled', error = @error, due_at = null, waits = '', updated_at = @updated_at
where flow = @flow and run = @run and status = @status and (status = 'pending' or waits = 'time') and (cast(@whole as bigint) = 1 or step = @step)
  and (cast(@main as bigint) = 1 and step = '' or cast(@main as bigint) = 0 and step <> '');

-- name: EraseFlowItems :execrows
delete from flow_items where flow_items.flow = @flow and flow_items.run = @run and (flow_items.step, flow_items.n) in
  (select i.step, i.n from flow_items i where i.flow = @flow and i.run = @run order by i.step, i.n limit @max_rows);

-- name: FlowItemBehind :many
-- The first item of those that come behind so many.
select step, n from flow_items where flow = @flow and run = @run and (step, n) >= (cast(@from_step as text), cast(@from_n as bigint)) order by step, n limit 1 offset @many;

-- name: BlankFlowItems :execrows
update flow_items set thread = '', input = '', output = '', error = '', item_key = 'erased ' || run || ' ' || cast(n as text)
where flow = @flow and run = @run and (step, n) >= (cast(@from_step as text), cast(@from_n as bigint));

-- name: BlankFlowItemsUpTo :execrows
update flow_items set thread = '', input = '', output = '', error = '', item_key = 'erased ' || run || ' ' || cast(n as text)
where flow = @flow and run = @run and (step, n) >= (cast(@from_step as text), cast(@from_n as bigint)) and (step, n) < (cast(@to_step as text), cast(@to_n as bigint));

-- name: EndErasedFlowItems :execrows
update flow_items set status = 'cancelled', due_at = null, waits = ''
where flow = @flow and run = @run and status = @status and (cast(@main as bigint) = 1 and step = '' or cast(@main as bigint) = 0 and step <> '');

-- name: ShiftFlowItems :exec
-- After the clock went back.
update flow_items set due_at = due_at - cast(@by as bigint)
where due_at is not null and (flow, run) in (select r.flow, r.id from flow_runs r where r.state in ('queued', 'running', 'waiting'));
