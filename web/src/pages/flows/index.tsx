import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import type { Schema } from "@/api/client";
import { flows, lastRun } from "@/api/flows";
import { useMay } from "@/api/may";
import { useRows } from "@/api/rows";
import { Badge, State } from "@/ui/badge";
import { button } from "@/ui/button";
import { type Column, Grid } from "@/ui/grid";
import { count } from "@/ui/number";
import { Page, Panel } from "@/ui/panel";
import { Empty, Failure } from "@/ui/say";
import { Time } from "@/ui/time";
import { begins } from "./begins";

type Flow = Schema<"Flow">;

/** Works says whether a flow begins runs by itself, and why not. */
function Works({ of: f }: { of: Flow }) {
  if (f.paused) return <Badge tone="warn">Paused</Badge>;
  const why = f.trigger.reason?.detail;
  if (why) return <span title={why}><Badge tone="warn">{f.trigger.next_at ? "Skipped one" : "Rests"}</Badge></span>;
  return f.trigger.kind === "manual" ? <Badge tone="quiet">Ready</Badge> : <Badge tone="good">Active</Badge>;
}

/** Last is how the last run of a flow went. */
function Last({ of: f }: { of: Flow }) {
  const run = useQuery(lastRun(f.name, f.trigger.run)).data;
  if (!f.trigger.run) return <span className="text-muted">never</span>;
  if (!run) return <Time at={f.trigger.fired_at} />;
  const failed = run.counts.failed;
  return (
    <Link to="/flows/$name/runs/$id" params={{ name: f.name, id: run.id }} search={failed ? { status: "failed" } : {}} className="inline-flex items-center gap-2 hover:underline">
      {failed ? <Badge tone="bad">{count(failed)} failed</Badge> : <State state={run.state} />}
      <span className="text-muted"><Time at={run.created_at} /></span>
    </Link>
  );
}

const columns: Column<Flow>[] = [
  {
    name: "Flow",
    width: "minmax(9rem,2.5fr)",
    cell: (f) => (
      <Link to="/flows/$name" params={{ name: f.name }} title={f.title || f.name} className="font-semibold text-ink hover:underline">{f.title || f.name}</Link>
    ),
  },
  { name: "State", width: "7rem", cell: (f) => <Works of={f} /> },
  { name: "Begins", width: "minmax(9rem,1fr)", wide: true, cell: (f) => begins(f.trigger) },
  { name: "Last run", width: "minmax(12rem,1.2fr)", wide: true, cell: (f) => <Last of={f} /> },
  { name: "Next", width: "7rem", wide: true, cell: (f) => (f.trigger.kind === "schedule" ? <Time at={f.paused ? null : f.trigger.next_at} none="–" /> : <span className="text-muted">–</span>) },
  { name: "Version", width: "4.5rem", wide: true, right: true, cell: (f) => f.version },
];

export default function Flows() {
  const list = useInfiniteQuery(flows);
  const rows = useRows(list.data);
  const may = useMay()("flows");
  const add = may ? (
    <Link to="/flows/new" className={button({ look: "main" })}>
      <Plus size={16} aria-hidden />
      New flow
    </Link>
  ) : undefined;
  return (
    <Page title="Flows" lead="What moves records between systems by itself: each night, on a change, or when it is called." actions={add}>
      <Panel flush>
        {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
        <Grid
          label="Flows"
          rows={rows}
          columns={columns}
          id={(f) => f.name}
          more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
          loading={list.isFetching}
          empty={
            list.error ? null : (
              <Empty title="No flow yet" action={add}>
                A flow says what becomes of records: for example, every approved requisition in the CMMS becomes a purchase order in the ERP.{" "}
                {may ? "Begin with one of the examples, and try it on sample data before it writes anything." : "Ask an admin of the project to make one."}
              </Empty>
            )
          }
        />
      </Panel>
    </Page>
  );
}
