-- What a look at a whole project needs, at a cost that does not grow with all that ever happened in it.

-- +goose Up
-- How many runs and writes of a connection ended, and how, by the hour and by the day (UTC) in which their run or operation ended: what a count of the tables would give.
create table activity (
  connection        bigint not null,
  span              bigint not null, -- seconds: an hour or a day
  begins_at         bigint not null,
  runs_complete     bigint not null,
  runs_incomplete   bigint not null,
  runs_failed       bigint not null,
  runs_cancelled    bigint not null,
  writes_applied    bigint not null,
  writes_rejected   bigint not null,
  writes_needs_human bigint not null,
  writes_cancelled  bigint not null,
  primary key (connection, span, begins_at)
) /* sqlite: without rowid */;
create index activity_age on activity (span, begins_at);
/* postgres: alter table activity set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05); */

insert into activity (connection, span, begins_at, runs_complete, runs_incomplete, runs_failed, runs_cancelled, writes_applied, writes_rejected, writes_needs_human, writes_cancelled)
select e.connection, p.span, e.finished_at / (p.span * 1000000) * (p.span * 1000000),
  sum(e.complete), sum(e.incomplete), sum(e.failed), sum(e.called_off), sum(e.applied), sum(e.rejected), sum(e.undecided), sum(e.cancelled)
from (select r.connection, r.finished_at, case when r.state = 'complete' then 1 else 0 end as complete, case when r.state = 'incomplete' then 1 else 0 end as incomplete,
    case when r.state = 'failed' then 1 else 0 end as failed, case when r.state = 'cancelled' then 1 else 0 end as called_off, 0 as applied, 0 as rejected, 0 as undecided, 0 as cancelled
  from runs r where r.finished_at is not null
  union all
  select o.connection, o.finished_at, 0, 0, 0, 0, o.applied_count, o.rejected_count, o.needs_human_count, o.cancelled_count
  from operations o where o.finished_at is not null) e
cross join (select cast(3600 as bigint) as span union all select 86400) p
group by e.connection, p.span, e.finished_at / (p.span * 1000000) * (p.span * 1000000);

-- Whose an operation is: its connection's project, for good.
alter table operations add column project_id text not null default '';
update operations set project_id = coalesce((select c.project_id from connections c where c.connection = operations.connection), '');
create index operations_project on operations (project_id, id);
create index operations_failed on operations (project_id, id) where rejected_count + unknown_count + reconciling_count + needs_human_count > 0;
create index operations_undecided on operations (project_id, id) where needs_human_count > 0;

create index connections_state on connections (project_id, state);
create index runs_failed on runs (connection, finished_at) where state in ('failed', 'incomplete');
create index held_deletions_pending on held_deletions (connection, stream) where decision = 'pending';
create index flow_runs_failed on flow_runs (project_id, created_at) where failed_count > 0;

-- +goose Down
drop index flow_runs_failed;
drop index held_deletions_pending;
drop index runs_failed;
drop index connections_state;
drop index operations_undecided;
drop index operations_failed;
drop index operations_project;
alter table operations drop column project_id;
drop table activity;
