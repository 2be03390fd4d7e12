-- name: LockBudget :one
-- Takes the budget's lock.
update budgets set state = state where budgets.connection = (select c.connection from connections c where c.id = @id) returning budgets.connection, budgets.state;

-- name: InsertBudget :execrows
insert into budgets (connection, state) select c.connection, '' from connections c where c.id = @id on conflict (connection) do nothing;

-- name: PutBudget :exec
update budgets set state = @state where connection = @connection;

-- name: SwapBudget :execrows
update budgets set state = @state where connection = @connection and state = @was;

-- name: Budget :one
-- An empty state where there is none yet.
select cast(coalesce(b.state, '') as text) as state from connections c left join budgets b on b.connection = c.connection where c.id = @id;

-- name: EraseBudget :execrows
delete from budgets where connection = @connection;
