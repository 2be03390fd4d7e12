import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useDeferredValue, useEffect, useState } from "react";
import type { Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { connections, systems } from "@/api/queries";
import { useRows } from "@/api/rows";
import { State, words } from "@/ui/badge";
import { Button, button } from "@/ui/button";
import { SelectField, TextField } from "@/ui/field";
import { type Column, Grid } from "@/ui/grid";
import { Page, Panel } from "@/ui/panel";
import { Empty, Failure } from "@/ui/say";
import { Time } from "@/ui/time";

const route = getRouteApi("/connections");

const states = ["pending", "syncing", "active", "degraded", "unreachable", "needs_reauthorization", "paused", "disconnected"] as const satisfies readonly Schema<"Connection">["status"][];

const columns: Column<Schema<"Connection">>[] = [
  {
    name: "Name",
    width: "minmax(9rem,2fr)",
    cell: (c) => (
      <>
        <Link to="/connections/$id" params={{ id: c.id }} className="font-semibold text-ink hover:underline">{c.name}</Link>
        {c.tags.length ? <span className="ml-2 text-xs text-muted">{c.tags.join(" · ")}</span> : null}
      </>
    ),
  },
  { name: "System", width: "minmax(8rem,1fr)", wide: true, cell: (c) => c.system_name },
  { name: "State", width: "minmax(8.5rem,1fr)", cell: (c) => <State state={c.status} /> },
  { name: "What is wrong", width: "minmax(10rem,2.5fr)", wide: true, cell: (c) => <span title={c.status_detail} className="text-muted">{c.status_detail || (c.status === "active" ? "nothing" : "")}</span> },
  { name: "Last success", width: "8rem", wide: true, right: true, cell: (c) => <Time at={c.last_success_at} /> },
];

function New() {
  return (
    <Link to="/connections/new" className={button({ look: "main" })}>
      <Plus size={16} aria-hidden />
      New connection
    </Link>
  );
}

export default function Connections() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/connections" });
  const [typed, setTyped] = useState(search.q ?? "");
  const q = useDeferredValue(typed.trim());
  useEffect(() => void navigate({ search: (s) => ({ ...s, q: q || undefined }), replace: true }), [q, navigate]);
  const filtered = Boolean(q || search.status || search.system);
  const may = useMay()("connect");
  const list = useInfiniteQuery(connections({ ...search, q }));
  const rows = useRows(list.data);
  const catalogue = useQuery(systems);
  return (
    <Page
      title="Connections"
      lead="Each is one customer's system, with a token of its own."
      actions={may ? <New /> : null}
    >
      <Panel
        flush
        title={
          <form role="search" className="flex w-full flex-wrap gap-3" onSubmit={(e) => e.preventDefault()}>
            <TextField label="Search" hideLabel type="search" placeholder="Search by name" value={typed} onChange={(e) => setTyped(e.target.value)} className="min-w-48 flex-1" />
            <SelectField label="State" hideLabel value={search.status ?? ""} onChange={(e) => void navigate({ search: (s) => ({ ...s, status: e.target.value || undefined }) })}>
              <option value="">Every state</option>
              {states.map((s) => (
                <option key={s} value={s}>{words(s)}</option>
              ))}
            </SelectField>
            <SelectField label="System" hideLabel value={search.system ?? ""} onChange={(e) => void navigate({ search: (s) => ({ ...s, system: e.target.value || undefined }) })}>
              <option value="">Every system</option>
              {catalogue.data?.data.map((s) => (
                <option key={s.system} value={s.system}>{s.name}</option>
              ))}
            </SelectField>
          </form>
        }
      >
        {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
        {list.error ? null : (
          <Grid
            label="Connections"
            rows={rows}
            columns={columns}
            id={(c) => c.id}
            more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
            loading={list.isPending || list.isFetchingNextPage}
            empty={
              filtered ? (
                <Empty title="No connection fits" action={<Button onClick={() => (setTyped(""), void navigate({ search: {} }))}>Show all</Button>}>Take a filter away, or look for a part of the name.</Empty>
              ) : (
                <Empty title="Nothing is connected yet" action={may ? <New /> : null}>
                  {may ? "Connect a system yourself, or make a link with which your customer does." : "An admin connects systems. Ask one to connect yours."}
                </Empty>
              )
            }
          />
        )}
      </Panel>
    </Page>
  );
}
