-- name: HoldRuns :exec
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
