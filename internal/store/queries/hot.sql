-- name: SetHot :execrows
-- Under the fence of a run.
update streams set hot_at = @hot_at
where streams.connection = @connection and streams.stream = @stream and exists
  (select 1 from runs r where r.connection = streams.connection and r.id = @run and r.state = 'running' and r.lease_epoch = @lease_epoch);
