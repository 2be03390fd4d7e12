-- name: LockProject :one
-- Takes the project's lock: who changes its members does it alone.
update projects set name = name where id = @id returning id;

-- name: InsertMember :execrows
insert into members (id, project_id, email, email_key, name, role, password, oidc_issuer, oidc_subject, created_at, updated_at, last_login_at, disabled_at)
values (@id, @project_id, @email, @email_key, @name, @role, @password, @oidc_issuer, @oidc_subject, @created_at, @updated_at, null, null)
on conflict do nothing;

-- name: Member :one
select * from members where project_id = @project_id and id = @id;

-- name: MemberByEmail :one
select * from members where email_key = @email_key;

-- name: MemberByOIDC :one
select * from members where oidc_issuer = @oidc_issuer and oidc_subject = @oidc_subject and oidc_subject <> '';

-- name: Members :many
select * from members where project_id = @project_id and id < @before order by id desc limit @max_rows;

-- name: CountOwners :one
select count(*) from members where project_id = @project_id and role = 'owner' and disabled_at is null;

-- name: SetMember :execrows
update members set name = @name, role = @role, disabled_at = @disabled_at, updated_at = @updated_at where project_id = @project_id and id = @id;

-- name: SetMemberPassword :execrows
update members set password = @password, updated_at = @updated_at where id = @id;

-- name: RehashMemberPassword :execrows
update members set password = @password where id = @id and password = @before;

-- name: SetMemberOIDC :execrows
update members set oidc_issuer = @oidc_issuer, oidc_subject = @oidc_subject, updated_at = @updated_at
where members.id = @id and not exists (select 1 from members o where o.oidc_issuer = @oidc_issuer and o.oidc_subject = @oidc_subject and o.id <> @id);

-- name: ClearMemberOIDC :execrows
update members set oidc_issuer = '', oidc_subject = '', updated_at = @updated_at where id = @id and oidc_subject <> '';

-- name: NoteMemberLogin :execrows
update members set last_login_at = @last_login_at where id = @id;

-- name: DeleteMember :execrows
delete from members where project_id = @project_id and id = @id;

-- name: InsertMemberSession :exec
insert into member_sessions (id, hash, member_id, address, agent, created_at, seen_at, authenticated_at, expires_at, ended_at)
values (@id, @hash, @member_id, @address, @agent, @created_at, @seen_at, @authenticated_at, @expires_at, null);

-- name: MemberSessionByHash :one
select sqlc.embed(s), sqlc.embed(m) from member_sessions s join members m on m.id = s.member_id where s.hash = @hash;

-- name: MemberSessions :many
select * from member_sessions where member_id = @member_id and ended_at is null and expires_at > @now order by id desc;

-- name: TouchMemberSession :exec
update member_sessions set seen_at = @seen_at where id = @id and ended_at is null;

-- name: ProveMemberSession :execrows
update member_sessions set authenticated_at = @authenticated_at, hash = @hash where id = @id and ended_at is null;

-- name: EndMemberSession :execrows
update member_sessions set ended_at = @ended_at where id = @id and member_id = @member_id and ended_at is null;

-- name: EndMemberSessions :execrows
update member_sessions set ended_at = @ended_at where member_id = @member_id and id <> @keep and ended_at is null;

-- name: PurgeMemberSessions :exec
delete from member_sessions where expires_at < @expired;

-- name: InsertMemberLink :exec
insert into member_links (id, hash, purpose, project_id, member_id, email, email_key, role, created_at, expires_at, used_at, revoked_at, made_by)
values (@id, @hash, @purpose, @project_id, @member_id, @email, @email_key, @role, @created_at, @expires_at, null, null, @made_by);

-- name: MemberLinkByHash :one
select * from member_links where hash = @hash;

-- name: MemberLink :one
select * from member_links where project_id = @project_id and id = @id;

-- name: Invitations :many
select * from member_links where project_id = @project_id and purpose = 'invite' and id < @before order by id desc limit @max_rows;

-- name: LinksMadeBy :many
-- Those that can still be used.
select * from member_links
where project_id = @project_id and made_by = @made_by and made_by <> '' and used_at is null and revoked_at is null and expires_at > @now order by id;

-- name: UseMemberLink :execrows
update member_links set used_at = @used_at where id = @id and used_at is null and revoked_at is null;

-- name: RevokeMemberLink :execrows
update member_links set revoked_at = @revoked_at where project_id = @project_id and id = @id and used_at is null and revoked_at is null;

-- name: RevokeMemberLinks :exec
update member_links set revoked_at = @revoked_at
where project_id = @project_id and purpose = @purpose and member_id = @member_id and email_key = @email_key and used_at is null and revoked_at is null;

-- name: RevokeLinksOfMember :exec
update member_links set revoked_at = @revoked_at where project_id = @project_id and member_id = @member_id and used_at is null and revoked_at is null;

-- name: PurgeMemberLinks :exec
delete from member_links where project_id = @project_id and expires_at < @expired;
