-- name: ClaimIdempotencyKey :execresult
-- Of many one gets it: the others wait until it is known whether it is stored.
insert into idempotency_keys (owner, name, hash, operation, status, headers, answer, created_at)
values (@owner, @name, @hash, @operation, @status, @headers, @answer, @created_at) on conflict (owner, name) do nothing;

-- name: IdempotencyKey :one
select * from idempotency_keys where owner = @owner and name = @name;

-- name: AnswerIdempotencyKey :execresult
update idempotency_keys set operation = @operation, status = @status, headers = @headers, answer = @answer where owner = @owner and name = @name;

-- name: FreeIdempotencyKey :exec
delete from idempotency_keys where owner = @owner and name = @name;

-- name: FreeIdempotencyKeyOf :exec
delete from idempotency_keys where owner = @owner and operation = @operation and operation <> '';

-- name: PurgeIdempotencyKeys :execrows
delete from idempotency_keys where (owner, name) in
  (select k.owner, k.name from idempotency_keys k where k.created_at < @before order by k.created_at limit @max_rows);

-- name: EraseIdempotencyKeys :execrows
delete from idempotency_keys where idempotency_keys.owner = @owner and idempotency_keys.name in
  (select k.name from idempotency_keys k where k.owner = @owner order by k.name limit @max_rows);
