-- name: Head :one
select id, raw_hash, seq, created_seq, created_at, deleted, remote_updated_at from heads where connection = @connection and stream = @stream and id = @id;

-- name: Rehash :execrows
update heads set raw_hash = @raw_hash where connection = @connection and stream = @stream and id = @id and seq = @seq;

-- name: SetRaw :exec
update bodies set raw = @raw where connection = @connection and stream = @stream and seq = @seq;

-- name: MoveHead :exec
update heads set seq = @seq, deleted = @deleted where connection = @connection and stream = @stream and id = @id;

-- name: DeleteHead :exec
delete from heads where connection = @connection and stream = @stream and id = @id;

-- name: Body :one
select * from bodies where connection = @connection and stream = @stream and seq = @seq;

-- name: DeleteBody :exec
delete from bodies where connection = @connection and stream = @stream and seq = @seq;

-- name: Tombstones :many
select seq, id from bodies where connection = @connection and stream = @stream and deleted = 1 and seq <= @up_to order by seq limit @max_rows;

-- name: ChangeAtOrAfter :one
select b.seq, b.updated_at from bodies b
where b.connection = @connection and b.stream = @stream and b.seq >= @seq order by b.seq limit 1;

-- name: RecordByID :one
select b.seq, b.deleted, b.record, b.raw from heads h join bodies b on b.connection = h.connection and b.stream = h.stream and b.seq = h.seq
where h.connection = @connection and h.stream = (select s.stream from streams s where s.connection = @connection and s.entity = @entity) and h.id = @id;

-- name: PutOutOfRange :exec
update heads set range_at = @range_at where connection = @connection and stream = @stream and id = @id and seq = @seq;

-- name: RecordVersion :one
select b.seq, b.epoch
from heads h join bodies b on b.connection = h.connection and b.stream = h.stream and b.seq = h.seq
where h.connection = @connection and h.stream = (select s.stream from streams s where s.connection = @connection and s.entity = @entity) and h.id = @id;

-- name: RecordForWrite :one
select b.seq, b.epoch, b.deleted, b.remote_id, b.record, b.raw
from heads h join bodies b on b.connection = h.connection and b.stream = h.stream and b.seq = h.seq
where h.connection = @connection and h.stream = (select s.stream from streams s where s.connection = @connection and s.entity = @entity) and h.id = @id;
