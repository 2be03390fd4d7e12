import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { runs } from "@/api/queries";
import { useRows } from "@/api/rows";
import { State, words } from "@/ui/badge";
import { SelectField } from "@/ui/field";
import { type Column, Grid } from "@/ui/grid";
import { count } from "@/ui/number";
import { Panel } from "@/ui/panel";
import { Empty, Failure } from "@/ui/say";
import { Time, took } from "@/ui/time";

type Run = Schema<"SyncRun">;

const states = ["queued", "running", "complete", "incomplete", "failed", "cancelled"] as const satisfies readonly Run["state"][];

const columns = (id: string): Column<Run>[] => [
  { name: "Entity", width: "minmax(8rem,1.8fr)", cell: (r) => <Link to="/connections/$id/runs/$run" params={{ id, run: r.id }} className="font-semibold text-ink hover:underline">{words(r.entity)}</Link> },
  { name: "State", width: "minmax(7rem,0.8fr)", cell: (r) => <State state={r.state} /> },
  { name: "Why", width: "minmax(6rem,1.5fr)", wide: true, cell: (r) => <span className="text-muted" title={r.error?.detail}>{r.error?.detail ?? (r.held_deletions?.decision === "pending" ? `${count(r.held_deletions.missing)} deletions held` : r.counts.quarantined ? `${count(r.counts.quarantined)} quarantined` : "")}</span> },
  { name: "Mode", width: "6.5rem", wide: true, cell: (r) => words(r.mode) },
  { name: "Begun by", width: "6rem", wide: true, cell: (r) => words(r.trigger) },
  { name: "Read", width: "4.5rem", wide: true, right: true, cell: (r) => count(r.counts.fetched) },
  { name: "New", width: "4.5rem", wide: true, right: true, cell: (r) => count(r.counts.created) },
  { name: "Changed", width: "4.5rem", wide: true, right: true, cell: (r) => count(r.counts.updated) },
  { name: "Deleted", width: "4.5rem", wide: true, right: true, cell: (r) => count(r.counts.deleted) },
  { name: "Took", width: "4.5rem", wide: true, right: true, cell: (r) => <span className="text-muted">{took(r.started_at, r.finished_at).replace("less than a second", "< 1 s")}</span> },
  { name: "When", width: "6.5rem", right: true, cell: (r) => <Time at={r.finished_at ?? r.started_at ?? r.requested_at} /> },
];

export default function Runs({ of: c }: { of: Schema<"Connection"> }) {
  const [state, setState] = useState("");
  const list = useInfiniteQuery(runs(c.id, state));
  const rows = useRows(list.data);
  return (
    <Panel
      flush
      title="Sync runs"
      actions={
        <SelectField label="State" hideLabel value={state} onChange={(e) => setState(e.target.value)}>
          <option value="">Every state</option>
          {states.map((s) => <option key={s} value={s}>{words(s)}</option>)}
        </SelectField>
      }
    >
      {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
      <Grid
        label="Sync runs"
        rows={rows}
        columns={columns(c.id)}
        id={(r) => r.id}
        more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
        loading={list.isPending || list.isFetchingNextPage}
        empty={state ? <Empty title="No run is in this state">Choose another state to see more.</Empty> : <Empty title="Nothing was synced yet">Runs appear here as soon as a schedule or a person starts one.</Empty>}
      />
    </Panel>
  );
}
