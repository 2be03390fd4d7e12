-- +goose Up
-- The job of the system's own that does what was sent: which one, and at which step of the write. Empty: there is none that is known.
alter table operation_items add column job text not null default '';

-- +goose Down
alter table operation_items drop column job;
