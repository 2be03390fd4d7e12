import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import type { Schema } from "@/api/client";
import { capabilities, connections, syncs } from "@/api/queries";
import { recordId } from "@/api/recordid";
import { type Envelope, records } from "@/api/records";
import { useRows } from "@/api/rows";
import { Badge, words } from "@/ui/badge";
import { Button, button } from "@/ui/button";
import { SelectField, TextField } from "@/ui/field";
import { type Column, Grid } from "@/ui/grid";
import { count } from "@/ui/number";
import { Page, Panel } from "@/ui/panel";
import { Empty, Failure } from "@/ui/say";
import { Time } from "@/ui/time";
import { Value } from "./value";

const route = getRouteApi("/records");

export default function Records() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/records" });
  const all = useInfiniteQuery(connections({}));
  const choices = useRows(all.data);
  const at = search.connection ?? choices[0]?.id ?? "";
  const streams = useQuery({ ...syncs(at), enabled: Boolean(at) });
  const can = useQuery({ ...capabilities(at), enabled: Boolean(at) });
  const held = streams.data?.data ?? [];
  const entity = held.some((s) => s.entity === search.entity) ? search.entity! : (held[0]?.entity ?? "");
  const list = useInfiniteQuery(records(at, entity, Boolean(search.deleted), since(search.since)));
  const may = can.data?.entities.find((e) => e.entity === entity);
  useEffect(() => {
    if (all.hasNextPage && !all.isFetching && choices.length < 500) void all.fetchNextPage();
  }, [all, choices.length]);
  const more = list.hasNextPage ? () => void list.fetchNextPage() : undefined;
  const rows = useRows(list.data);
  return (
    <Page
      title="Records"
      lead="What Busbar holds of each system, in one model."
      actions={
        may?.create.supported ? (
          <Link to="/records/$connection/$entity/new" params={{ connection: at, entity }} className={button({ look: "main" })}>
            <Plus size={16} aria-hidden />
            New
          </Link>
        ) : null
      }
    >
      <Panel
        flush
        title={
          <div className="flex w-full flex-wrap items-end gap-3">
            <SelectField label="Connection" value={at} className="min-w-44 flex-1 sm:max-w-72" onChange={(e) => void navigate({ search: { connection: e.target.value, entity } })}>
              {choices.map((c) => (
                <option key={c.id} value={c.id}>{c.name}</option>
              ))}
            </SelectField>
            <SelectField label="Entity" value={entity} className="min-w-44 flex-1 sm:max-w-72" onChange={(e) => void navigate({ search: (s) => ({ ...s, connection: at, entity: e.target.value }) })}>
              {held.map((s) => (
                <option key={s.entity} value={s.entity}>{`${words(s.entity)} (${count(s.counts.live)})`}</option>
              ))}
            </SelectField>
            <label className="flex min-h-9 items-center gap-2 text-sm">
              <input type="checkbox" className="size-4" checked={Boolean(search.deleted)} onChange={(e) => void navigate({ search: (s) => ({ ...s, deleted: e.target.checked || undefined }) })} />
              Deleted too
            </label>
            <SelectField label="Changed here" value={search.since ?? ""} className="min-w-36" onChange={(e) => void navigate({ search: (s) => ({ ...s, since: e.target.value || undefined }) })}>
              {times.map(([id, name]) => (
                <option key={id} value={id}>{name}</option>
              ))}
            </SelectField>
            <OpenByKey connection={at} entity={entity} />
          </div>
        }
      >
        {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
        <Grid
          label={words(entity)}
          rows={rows}
          columns={columnsOf(at, entity, may)}
          id={(r) => r.id}
          more={more}
          loading={list.isFetching || streams.isPending}
          rowHeight={44}
          empty={
            choices.length || all.isPending ? (
              <Empty title="No records">{search.since ? "None has changed in this time." : "The stream holds none yet. Sync it from the connection's page."}</Empty>
            ) : (
              <Empty title="Nothing is connected yet" action={<Link to="/connections" className={button()}>Connections</Link>}>Records appear here once a system is connected.</Empty>
            )
          }
        />
      </Panel>
    </Page>
  );
}

const times = [["", "any time"], ["1", "in the last hour"], ["24", "in the last day"], ["168", "in the last week"], ["720", "in the last 30 days"]] as const;

/** since gives the instant from which changes are shown, in whole minutes so that it stays the same while one looks. */
function since(hours: string | undefined): string {
  if (!Number(hours)) return "";
  const minute = 60_000;
  return new Date(Math.floor(Date.now() / (5 * minute)) * 5 * minute - Number(hours) * 60 * minute).toISOString();
}

/** OpenByKey leads to a record by the system's own key or by its id here. */
function OpenByKey({ connection, entity }: { connection: string; entity: string }) {
  const navigate = useNavigate();
  const [key, setKey] = useState("");
  const go = (e: FormEvent) => {
    e.preventDefault();
    const text = key.trim();
    if (!text || !entity) return;
    const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text : recordId(connection, entity, text);
    void navigate({ to: "/records/$connection/$entity/$id", params: { connection, entity, id } });
  };
  return (
    <form onSubmit={go} className="flex min-w-52 flex-1 items-end gap-2 sm:max-w-80">
      <TextField label="Open by key" value={key} placeholder="The system's own key, or the id" className="flex-1" onChange={(e) => setKey(e.target.value)} />
      <Button type="submit" disabled={!key.trim()}>Open</Button>
    </form>
  );
}

const telling = ["status", "vendor", "asset", "item", "quantity", "total", "priority", "order_date", "required_date", "due_at", "code", "type", "is_active"];

/** columnsOf picks what tells records of an entity apart: their names, and up to four fields that the system delivers. */
function columnsOf(connection: string, entity: string, may: Schema<"EntityCapability"> | undefined): Column<Envelope>[] {
  const fields = (may?.fields ?? []).filter((f) => f.supported && telling.includes(f.name)).sort((a, b) => telling.indexOf(a.name) - telling.indexOf(b.name));
  return [
    {
      name: "Name",
      width: "minmax(11rem,2fr)",
      cell: (r) => (
        <Link to="/records/$connection/$entity/$id" params={{ connection, entity, id: r.id }} className="font-semibold text-ink hover:underline">
          {r.display_name || r.display_id || r.remote_id}
        </Link>
      ),
    },
    { name: "Number", width: "minmax(6rem,1fr)", cell: (r) => <span className="font-mono text-xs">{r.display_id ?? r.remote_id}</span> },
    ...fields.slice(0, 4).map((f): Column<Envelope> => ({ name: words(f.name), width: "minmax(6rem,1fr)", wide: true, cell: (r) => <Value of={r[f.name]} /> })),
    { name: "Changed", width: "7.5rem", wide: true, right: true, cell: (r) => (r.deleted_at ? <Badge tone="quiet">Deleted</Badge> : <Time at={r.updated_at} />) },
  ];
}
