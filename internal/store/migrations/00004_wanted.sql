-- +goose Up
-- What an item that was sent asks for, in a form that tells whether a record shows it; empty: it is told by data alone.
alter table operation_items add column wanted text not null default '';

-- +goose Down
alter table operation_items drop column wanted;
