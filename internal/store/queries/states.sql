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
