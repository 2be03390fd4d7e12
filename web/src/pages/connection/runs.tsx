import { useInfiniteQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { runs } from "@/api/queries";
import { State, words } from "@/ui/badge";
import { type Column, Grid } from "@/ui/grid";
import { Panel } from "@/ui/panel";
import { Empty, Failure } from "@/ui/say";
import { Time } from "@/ui/time";

type Run = Schema<"SyncRun">;

const count = new Intl.NumberFormat();

const columns: Column<Run>[] = [
  { name: "Entity", width: "minmax(9rem,1.2fr)", cell: (r) => <span className="font-semibold">{words(r.entity)}</span> },
  { name: "State", width: "minmax(7.5rem,1fr)", cell: (r) => <span title={r.error?.detail}><State state={r.state} /></span> },
  { name: "Mode", width: "7rem", wide: true, cell: (r) => words(r.mode) },
  { name: "Begun by", width: "7rem", wide: true, cell: (r) => words(r.trigger) },
  { name: "Read", width: "5rem", wide: true, right: true, cell: (r) => count.format(r.counts.fetched) },
  { name: "New", width: "5rem", wide: true, right: true, cell: (r) => count.format(r.counts.created) },
  { name: "Changed", width: "5rem", wide: true, right: true, cell: (r) => count.format(r.counts.updated) },
  { name: "Deleted", width: "5rem", wide: true, right: true, cell: (r) => count.format(r.counts.deleted) },
  { name: "When", width: "7rem", right: true, cell: (r) => <Time at={r.finished_at ?? r.started_at ?? r.requested_at} /> },
];

export default function Runs({ of: c }: { of: Schema<"Connection"> }) {
  const list = useInfiniteQuery(runs(c.id));
  return (
    <Panel flush title="Sync runs">
      {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
      <Grid
        label="Sync runs"
        rows={list.data?.pages.flatMap((p) => p.data) ?? []}
        columns={columns}
        id={(r) => r.id}
        more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
        loading={list.isFetching}
        empty={<Empty title="Nothing was synced yet">Runs appear here as soon as a schedule or a person starts one.</Empty>}
      />
    </Panel>
  );
}
