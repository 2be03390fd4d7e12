-- Each statement deletes at most a number of rows of one connection.

-- name: EraseBodies :execrows
delete from bodies where bodies.connection = @connection and (bodies.stream, bodies.seq) in
  (select b.stream, b.seq from bodies b where b.connection = @connection order by b.stream, b.seq limit @max_rows);

-- name: EraseHeads :execrows
delete from heads where heads.connection = @connection and (heads.stream, heads.id) in
  (select h.stream, h.id from heads h where h.connection = @connection order by h.stream, h.id limit @max_rows);

-- name: EraseSeen :execrows
delete from run_seen where run_seen.connection = @connection and (run_seen.run, run_seen.n) in
  (select s.run, s.n from run_seen s where s.connection = @connection order by s.run, s.n limit @max_rows);

-- name: EraseQuarantine :execrows
delete from quarantine where quarantine.connection = @connection and (quarantine.run, quarantine.n) in
  (select q.run, q.n from quarantine q where q.connection = @connection order by q.run, q.n limit @max_rows);

-- name: EraseRuns :execrows
delete from runs where runs.connection = @connection and runs.id in
  (select r.id from runs r where r.connection = @connection order by r.id limit @max_rows);

-- name: EraseTokens :execrows
delete from tokens where tokens.connection = @connection and tokens.id in
  (select t.id from tokens t where t.connection = @connection order by t.id limit @max_rows);

-- name: EraseTags :execrows
delete from connection_tags where connection_tags.connection = @connection and connection_tags.tag in
  (select t.tag from connection_tags t where t.connection = @connection order by t.tag limit @max_rows);

-- name: EraseStreams :execrows
delete from streams where streams.connection = @connection and streams.stream in
  (select s.stream from streams s where s.connection = @connection order by s.stream limit @max_rows);

-- name: EraseConnection :execrows
delete from connections where connection = @connection and deleting_at is not null;

-- name: ShredLogin :exec
update connections set credentials = null, data_key = null where connection = @connection;

-- name: BlankLinkSessions :execrows
-- An ended link stays until it is old, so that its page and its status say what became of it; what was preset goes.
update link_sessions set settings = '{}', state = '' where id in
  (select l.id from link_sessions l where l.connection_id = @connection_id and (l.settings <> '{}' or l.state <> '') order by l.id limit @max_rows);

-- name: EraseLoginAttemptsOf :exec
delete from login_attempts where purpose = 'link' and owner in (select l.id from link_sessions l where l.connection_id = @connection_id);

-- name: InsertDeletion :exec
insert into deletions (connection_id, project_id, system, asked_at, erased, counts) values (@connection_id, @project_id, @system, @asked_at, 0, '{}')
on conflict (connection_id) do nothing;

-- name: DeletionCounts :one
select counts from deletions where connection_id = @connection_id;

-- name: SetDeletionCounts :exec
update deletions set counts = @counts, erased = @erased where connection_id = @connection_id;

-- name: Deletion :one
select * from deletions where project_id = @project_id and connection_id = @connection_id;

-- name: DeletionsErased :many
select connection_id from deletions where erased = 1 and finished_at is null order by connection_id limit @max_rows;

-- name: FinishDeletion :exec
update deletions set finished_at = @finished_at where connection_id = @connection_id and finished_at is null;
