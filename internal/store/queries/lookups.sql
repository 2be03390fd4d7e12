-- name: LookupHead :one
select epoch, seq from lookup_heads where connection = @connection and stream = @stream and field = @field;

-- name: PutLookupHead :exec
insert into lookup_heads (connection, stream, field, epoch, seq) values (@connection, @stream, @field, @epoch, @seq)
on conflict (connection, stream, field) do update set epoch = excluded.epoch, seq = excluded.seq;

-- name: ForgetLookups :exec
delete from lookups where connection = @connection and stream = @stream and field = @field;

-- name: FindRecords :many
select l.id, b.seq, b.record from lookups l
join heads h on h.connection = l.connection and h.stream = l.stream and h.id = l.id
join bodies b on b.connection = h.connection and b.stream = h.stream and b.seq = h.seq
where l.connection = @connection and l.stream = @stream and l.field = @field and l.value = @value and l.id > @after_id and h.deleted = 0
order by l.id limit @max_rows;

-- name: EraseLookups :execrows
delete from lookups where lookups.connection = @connection and (lookups.stream, lookups.field, lookups.value, lookups.id) in
  (select l.stream, l.field, l.value, l.id from lookups l where l.connection = @connection order by l.stream, l.field, l.value, l.id limit @max_rows);

-- name: EraseLookupHeads :execrows
delete from lookup_heads where lookup_heads.connection = @connection and (lookup_heads.stream, lookup_heads.field) in
  (select l.stream, l.field from lookup_heads l where l.connection = @connection order by l.stream, l.field limit @max_rows);
