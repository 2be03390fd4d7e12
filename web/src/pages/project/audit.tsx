import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import type { Schema } from "@/api/client";
import { audit } from "@/api/queries";
import { useRows } from "@/api/rows";
import { words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { SelectField, TextField } from "@/ui/field";
import { type Column, Grid } from "@/ui/grid";
import { Facts, Page, Panel } from "@/ui/panel";
import { Empty, Failure } from "@/ui/say";
import { Time } from "@/ui/time";

type Entry = Schema<"Entry">;

const route = getRouteApi("/audit");

const say = (action: string) => words(action.replaceAll(".", " "));
const spans: [hours: string, name: string][] = [["24", "the last day"], ["168", "the last week"], ["720", "the last 30 days"]];
const since = (hours?: string) => (hours ? new Date(Math.floor(Date.now() / 60_000) * 60_000 - Number(hours) * 3_600_000).toISOString() : undefined);

/** Audit is who did what: filtered in the address, so that a view can be sent to somebody. */
export default function Audit() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/audit" });
  const [from, setFrom] = useState(() => since(search.hours));
  useEffect(() => setFrom(since(search.hours)), [search.hours]);
  const [open, setOpen] = useState<Entry>();
  const filter = { actor: search.actor, action: search.action, target: search.target, since: from };
  const list = useInfiniteQuery(audit(filter));
  const rows = useRows(list.data);
  const filtered = Object.values(search).some(Boolean);
  const columns: Column<Entry>[] = [
    { name: "When", width: "6.5rem", cell: (e) => <Time at={e.done_at} /> },
    { name: "What", width: "minmax(8rem,1.5fr)", cell: (e) => <button type="button" onClick={() => setOpen(e)} className="max-w-full truncate py-2 font-semibold text-ink hover:underline">{say(e.action)}</button> },
    { name: "Who", width: "minmax(6rem,1.2fr)", cell: (e) => <span title={`${e.actor} ${e.actor_id}`}>{e.actor_name || words(e.actor)}</span> },
    { name: "To what", width: "minmax(8rem,1.5fr)", wide: true, cell: (e) => <span title={e.target_id}>{words(e.target)} <code className="font-mono text-xs text-muted">{e.target_id}</code></span> },
    { name: "Fields", width: "minmax(6rem,1fr)", wide: true, cell: (e) => <span className="text-muted" title={e.fields?.join(", ")}>{e.fields?.join(", ")}</span> },
    { name: "From", width: "8rem", wide: true, cell: (e) => <span className="font-mono text-xs">{e.address}</span> },
  ];
  return (
    <Page title="Audit log" lead="Every act that needs a right, with who did it. Entries are chained: one that is changed or taken out shows.">
      <Panel flush title={<Filter key={JSON.stringify(search)} of={search} set={(s) => void navigate({ search: s })} />}>
        {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
        <Grid
          label="Audit log"
          rows={rows}
          columns={columns}
          id={(e) => String(e.n)}
          more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
          loading={list.isPending || list.isFetchingNextPage}
          rowHeight={42}
          empty={filtered ? <Empty title="Nothing fits" action={<Button onClick={() => void navigate({ search: {} })}>Show all</Button>}>Nobody did this to that, or not in this time.</Empty> : <Empty title="Nothing was done yet" />}
        />
      </Panel>
      <Dialog open={Boolean(open)} onClose={() => setOpen(undefined)} title={open ? say(open.action) : ""}>
        {open ? <Detail of={open} set={(s) => (setOpen(undefined), void navigate({ search: s }))} /> : null}
      </Dialog>
    </Page>
  );
}

/** AuditSearch is what the log is filtered by. */
export interface AuditSearch {
  actor?: string;
  action?: string;
  target?: string;
  hours?: string;
}

function Filter({ of, set }: { of: AuditSearch; set: (s: AuditSearch) => void }) {
  const [typed, setTyped] = useState(of);
  const field = (name: "actor" | "action" | "target") => ({ value: typed[name] ?? "", onChange: (e: { target: { value: string } }) => setTyped({ ...typed, [name]: e.target.value.trim() || undefined }) });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    set(typed);
  };
  return (
    <form role="search" onSubmit={submit} className="grid w-full grid-cols-2 gap-3 md:grid-cols-[1fr_1fr_1fr_auto_auto] md:items-end">
      <TextField label="Who" placeholder="Name or id" {...field("actor")} />
      <TextField label="What" placeholder="connection.paused" list="actions" {...field("action")} />
      <datalist id="actions">{actions.map((a) => <option key={a} value={a} />)}</datalist>
      <TextField label="To what" placeholder="Its id, or its connection's" {...field("target")} />
      <SelectField label="When" value={typed.hours ?? ""} onChange={(e) => set({ ...typed, hours: e.target.value || undefined })}>
        <option value="">at any time</option>
        {spans.map(([hours, name]) => <option key={hours} value={hours}>{name}</option>)}
      </SelectField>
      <div className="col-span-2 flex gap-2 md:col-span-1">
        <Button type="submit">Filter</Button>
        {Object.values(of).some(Boolean) ? <Button look="quiet" onClick={() => set({})}>Show all</Button> : null}
      </div>
    </form>
  );
}

const actions = [
  "connection.created", "connection.paused", "connection.data_deletion_asked", "sync.started", "key.issued", "key.revoked", "member.joined", "member.changed", "member.removed",
  "invitation.created", "invitation.revoked", "session.started", "session.ended", "session.reauthenticated", "flow.applied", "flow.paused", "flow.deleted", "project.changed",
];

function Detail({ of: e, set }: { of: Entry; set: (s: AuditSearch) => void }) {
  const code = (text: string) => <code className="font-mono text-xs break-all select-all">{text}</code>;
  return (
    <div className="space-y-5">
      <Facts
        of={[
          ["When", <span key="w"><Time at={e.done_at} /><span className="block text-xs text-muted">{e.done_at}</span></span>],
          ["Who", <span key="a">{e.actor_name || words(e.actor)} <span className="text-muted">({e.actor})</span></span>],
          ["From", e.address || "this server"],
          ["To what", words(e.target)],
          ["What changed", e.fields?.length ? e.fields.join(", ") : "–"],
          ["Number in the log", String(e.n)],
        ]}
      />
      <dl className="space-y-2 text-sm">
        {([["Action", e.action], ["Id of who did it", e.actor_id], ["Id of what it was done to", e.target_id], ["Request", e.request_id]] as const).filter(([, v]) => v).map(([name, v]) => (
          <div key={name}><dt className="text-xs text-muted">{name}</dt><dd>{code(v)}</dd></div>
        ))}
      </dl>
      <p className="text-xs text-muted">Values are never kept here: only the names of what changed.</p>
      <div className="flex flex-wrap gap-2">
        {e.connection_id ? <Link to="/connections/$id" params={{ id: e.connection_id }} className="text-sm font-semibold text-ink hover:underline">The connection</Link> : null}
        <button type="button" className="text-sm font-semibold text-ink hover:underline" onClick={() => set({ actor: e.actor_id || e.actor_name })}>All by the same</button>
        {e.target_id ? <button type="button" className="text-sm font-semibold text-ink hover:underline" onClick={() => set({ target: e.target_id })}>All done to the same</button> : null}
      </div>
    </div>
  );
}
