-- +goose Up
-- The member who gave something out, or who stands behind the key that did; empty: none.
alter table project_keys add column issued_by text not null default '';
alter table member_links add column made_by text not null default '';

-- +goose Down
alter table member_links drop column made_by;
alter table project_keys drop column issued_by;
