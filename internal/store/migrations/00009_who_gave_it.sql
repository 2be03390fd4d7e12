-- +goose Up
-- The member who gave something out, or who stands behind the key that did; empty: none.
alter table project_keys add column issued_by text not null default '';
alter table member_links add column made_by text not null default '';
-- The address as it is compared: folded.
alter table member_links add column email_key text not null default '';
update member_links set email_key = lower(email);
create index member_links_email on member_links (project_id, email_key);

-- +goose Down
drop index member_links_email;
alter table member_links drop column email_key;
alter table member_links drop column made_by;
alter table project_keys drop column issued_by;
