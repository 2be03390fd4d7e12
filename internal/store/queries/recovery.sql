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
