-- +goose Up
-- Which project was made first is known for good: times of creation follow clocks, which go back.
insert into meta (key, value)
select 'first_project', id from (select id from projects order by created_at, id limit 1) as oldest;

-- +goose Down
delete from meta where key = 'first_project';
