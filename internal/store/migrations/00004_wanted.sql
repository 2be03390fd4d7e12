-- +goose Up
-- What an item that was sent asks for, in a form that tells whether a record shows it; empty: it is told by data alone.
alter table operation_items add column wanted text not null default '';

-- Which item made a record.
create index operation_items_made on operation_items (connection, record) where op = 'create' and record is not null;

-- +goose Down
drop index operation_items_made;
alter table operation_items drop column wanted;
