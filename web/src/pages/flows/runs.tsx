import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { flowRuns } from "@/api/flows";
import { useRows } from "@/api/rows";
import { Badge, State, words } from "@/ui/badge";
import { SelectField } from "@/ui/field";
import { type Column, Grid } from "@/ui/grid";
import { Panel } from "@/ui/panel";
import { Empty, Failure } from "@/ui/say";
import { Time } from "@/ui/time";
import { Counts } from "./counts";

const columns = (name: string): Column<Schema<"FlowRun">>[] => [
  {
    name: "Begun",
    width: "minmax(6rem,1fr)",
    cell: (r) => (
      <Link to="/flows/$name/runs/$id" params={{ name, id: r.id }} className="font-semibold text-ink hover:underline"><Time at={r.created_at} /></Link>
    ),
  },
  { name: "State", width: "minmax(7rem,1fr)", cell: (r) => (r.paused ? <Badge tone="warn">Paused</Badge> : <State state={r.state} />) },
  { name: "Items", width: "minmax(6rem,2fr)", cell: (r) => <Counts of={r.counts} line /> },
  { name: "Why", width: "minmax(8rem,1.5fr)", wide: true, cell: (r) => <span className="text-muted" title={r.reason?.detail}>{r.reason?.detail || (r.reason ? words(r.reason.code) : "")}</span> },
  { name: "Begun by", width: "6rem", wide: true, cell: (r) => words(r.trigger) },
  { name: "Version", width: "4.5rem", wide: true, right: true, cell: (r) => r.version },
];

/** Runs lists the runs of a flow, newest first. */
export function Runs({ name, begin }: { name: string; begin?: () => void }) {
  const [state, setState] = useState("");
  const list = useInfiniteQuery(flowRuns(name, state));
  const rows = useRows(list.data);
  return (
    <Panel
      flush
      title="Runs"
      actions={
        <SelectField label="State" hideLabel value={state} onChange={(e) => setState(e.target.value)}>
          <option value="">Every state</option>
          {["queued", "running", "waiting", "completed", "failed", "cancelled"].map((s) => (
            <option key={s} value={s}>{words(s)}</option>
          ))}
        </SelectField>
      }
    >
      {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
      <Grid
        label="Runs"
        rows={rows}
        columns={columns(name)}
        id={(r) => r.id}
        more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
        loading={list.isPending || list.isFetchingNextPage}
        empty={
          list.error ? null
          : state ? <Empty title="No run is in this state">Choose another state, or every state.</Empty>
          : <Empty title="It has not run yet">{begin ? "Run it now, or wait for what begins it." : "It runs when what begins it happens."} A test run, under “What it does”, shows what it would do and writes nothing.</Empty>
        }
      />
    </Panel>
  );
}
