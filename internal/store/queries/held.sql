-- name: Held :one
select * from held_deletions where connection = @connection and stream = @stream;

-- name: HeldOfConnection :many
-- Without the seqs, which may be many.
select h.stream, s.entity, h.run, h.missing_count, h.range_count, h.held_at, h.confirmed_run, h.confirmed_at, h.decision, h.decided_at, h.carried_run, h.carried_at
from held_deletions h join streams s on s.connection = h.connection and s.stream = h.stream
where h.connection = @connection order by h.stream;

-- name: PutHeld :exec
insert into held_deletions (connection, stream, run, seqs, missing_count, range_count, held_at, confirmed_run, confirmed_at, decision, decided_at, carried_run, carried_at)
values (@connection, @stream, @run, @seqs, @missing_count, @range_count, @held_at, @confirmed_run, @confirmed_at, @decision, @decided_at, @carried_run, @carried_at)
on conflict (connection, stream) do update set run = excluded.run, seqs = excluded.seqs, missing_count = excluded.missing_count, range_count = excluded.range_count,
  held_at = excluded.held_at, confirmed_run = excluded.confirmed_run, confirmed_at = excluded.confirmed_at, decision = excluded.decision,
  decided_at = excluded.decided_at, carried_run = excluded.carried_run, carried_at = excluded.carried_at;

-- name: DecideHeld :exec
update held_deletions set decision = @decision, decided_at = @decided_at where connection = @connection and stream = @stream;

-- name: SetHeldSeqs :exec
update held_deletions set seqs = @seqs where connection = @connection and stream = @stream;

-- name: DropHeld :exec
delete from held_deletions where connection = @connection and stream = @stream;

-- name: ForgiveStream :exec
-- A person has decided on what the last run could not.
update streams set failures = 0, error_code = '', error_detail = '' where connection = @connection and stream = @stream and error_code = @error_code;

-- name: EraseHeld :execrows
delete from held_deletions where held_deletions.connection = @connection and held_deletions.stream in
  (select h.stream from held_deletions h where h.connection = @connection order by h.stream limit @max_rows);
