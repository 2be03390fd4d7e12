import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Upload } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { operations } from "@/api/queries";
import { useRows } from "@/api/rows";
import { Badge, State, words } from "@/ui/badge";
import { button } from "@/ui/button";
import { ConnectionField, useConnections } from "@/ui/chooser";
import { SelectField } from "@/ui/field";
import { type Column, Grid } from "@/ui/grid";
import { count } from "@/ui/number";
import { Page, Panel } from "@/ui/panel";
import { Empty, Failure } from "@/ui/say";
import { Time } from "@/ui/time";

type Operation = Schema<"Operation">;

const route = getRouteApi("/operations");

export default function Operations() {
  const search = route.useSearch();
  const may = useMay()("write");
  const navigate = useNavigate({ from: "/operations" });
  const choices = useConnections();
  const at = search.connection ?? "";
  const names = new Map(choices.list.map((c) => [c.id, c.name]));
  const list = useInfiniteQuery(operations(at, { state: search.state, failed: search.failed }));
  const rows = useRows(list.data);
  const columns: Column<Operation>[] = [
    {
      name: "What",
      width: "minmax(5.5rem,2fr)",
      cell: (o) => (
        <Link to="/operations/$connection/$id" params={{ connection: o.connection_id, id: o.id }} className="font-semibold text-ink hover:underline">
          {o.kind === "batch" ? `Batch of ${count(o.total)}` : words(o.item?.op ?? "write")}
        </Link>
      ),
    },
    ...(at ? [] : [{ name: "Connection", width: "minmax(8rem,1.2fr)", wide: true, cell: (o: Operation) => names.get(o.connection_id) ?? "" }]),
    { name: "Entity", width: "minmax(8rem,1fr)", wide: true, cell: (o) => words(o.entity) },
    { name: "State", width: "minmax(6.25rem,1fr)", cell: (o) => <State state={o.state} /> },
    { name: "Result", width: "minmax(6rem,1.4fr)", cell: (o) => <Outcome of={o.counts} /> },
    { name: "Begun", width: "8rem", wide: true, right: true, cell: (o) => <Time at={o.created_at} /> },
  ];
  return (
    <Page
      title="Operations"
      lead="Every write, and what became of it. Nothing is sent twice, and nothing is called done that is not."
      actions={
        may ? (
          <Link to="/operations/upload" search={{ connection: at || undefined }} className={button()}>
            <Upload size={15} aria-hidden />
            Upload a file
          </Link>
        ) : null
      }
    >
      <Panel
        flush
        title={
          <div className="flex w-full flex-wrap items-end gap-3">
            <ConnectionField all list={choices.list} value={at} onChange={(id) => void navigate({ search: (s) => ({ ...s, connection: id || undefined }) })} />
            <SelectField
              label="Show"
              value={search.failed ? "failed" : (search.state ?? "")}
              className="min-w-40"
              onChange={(e) => void navigate({ search: { connection: at || undefined, failed: e.target.value === "failed" || undefined, state: ["", "failed"].includes(e.target.value) ? undefined : e.target.value } })}
            >
              <option value="">All</option>
              <option value="failed">With failures</option>
              {["queued", "running", "completed", "cancelled"].map((s) => (
                <option key={s} value={s}>{words(s)}</option>
              ))}
            </SelectField>
          </div>
        }
      >
        {list.error ?? choices.error ? <div className="p-4"><Failure error={list.error ?? choices.error} again={() => void list.refetch()} /></div> : null}
        <Grid
          label="Operations"
          rows={rows}
          columns={columns}
          id={(o) => o.id}
          more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
          loading={list.isFetching || choices.pending}
          empty={<Empty title="No writes here">{search.failed || search.state ? "None fits what is shown." : "Writes by the API, by flows and from the Records page appear here."}</Empty>}
        />
      </Panel>
    </Page>
  );
}

const parts = [
  ["applied", "good"], ["pending", "busy"], ["sending", "busy"], ["reconciling", "warn"], ["rejected", "bad"], ["unknown", "warn"], ["needs_human", "warn"], ["cancelled", "quiet"],
] as const;

/** Outcome says how many items came to what. */
export function Outcome({ of: c }: { of: Schema<"OperationCounts"> }) {
  return (
    <span className="inline-flex flex-wrap gap-1.5">
      {parts.filter(([name]) => c[name] > 0).map(([name, tone]) => (
        <Badge key={name} tone={tone}>{count(c[name])} {words(name).toLowerCase()}</Badge>
      ))}
    </span>
  );
}
