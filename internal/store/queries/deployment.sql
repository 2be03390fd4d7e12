-- name: Meta :one
select value from meta where key = @key;

-- name: SetMeta :exec
insert into meta (key, value) values (@key, @value) on conflict (key) do update set value = excluded.value;

-- name: LockMeta :one
-- Takes the value's lock, making the value when there is none.
insert into meta (key, value) values (@key, '') on conflict (key) do update set value = meta.value returning value;

-- name: NextNumber :one
update counters set value = value + 1 where name = @name returning value;

-- name: LockNumbers :exec
-- Takes the lock of a counter.
update counters set value = value where name = @name;

-- name: FirstProject :one
select * from projects where id = (select value from meta where key = 'first_project');

-- name: InsertProject :exec
insert into projects (id, name, created_at) values (@id, @name, @created_at);

-- name: InsertKey :exec
insert into project_keys (id, project_id, label, hash, last4, scopes, created_at, expires_at, revoked_at, last_used_at, issued_by)
values (@id, @project_id, @label, @hash, @last4, @scopes, @created_at, @expires_at, @revoked_at, @last_used_at, @issued_by);

-- name: KeyByHash :one
select * from project_keys where hash = @hash;

-- name: Keys :many
select * from project_keys where project_id = @project_id order by id desc;

-- name: KeysIssuedBy :many
-- Those that are still good.
select * from project_keys
where project_id = @project_id and issued_by = @issued_by and issued_by <> '' and revoked_at is null and (expires_at is null or expires_at > @now) order by id desc;

-- name: ProjectKey :one
select * from project_keys where project_id = @project_id and id = @id;

-- name: LabelKey :execrows
update project_keys set label = @label where project_id = @project_id and id = @id;

-- name: Project :one
select * from projects where id = @id;

-- name: TakeProject :one
-- With its lock.
update projects set name = name where id = @id returning *;

-- name: SetProject :execrows
update projects set name = @name, settings = @settings where id = @id;

-- name: RevokeKey :execrows
update project_keys set revoked_at = coalesce(revoked_at, cast(@now as bigint)) where project_id = @project_id and id = @id;

-- name: TouchKey :execrows
update project_keys set last_used_at = @last_used_at where hash = @hash and (last_used_at is null or last_used_at < @last_used_at);
