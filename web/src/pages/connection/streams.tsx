import { useQuery } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { api, data, of, type Schema } from "@/api/client";
import { useAct } from "@/api/acts";
import { syncs } from "@/api/queries";
import { Badge, State, words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { type Column, Grid } from "@/ui/grid";
import { Panel } from "@/ui/panel";
import { Empty, Failure } from "@/ui/say";
import { Time } from "@/ui/time";

type Sync = Schema<"Sync">;
type Mode = "incremental" | "full";

const count = new Intl.NumberFormat();

/** Streams are the entities of a connection: how fresh each is, and what can be done about it. */
export function Streams({ of: c }: { of: Schema<"Connection"> }) {
  const list = useQuery({ ...syncs(c.id), refetchInterval: (q) => (q.state.data?.data.some((s) => s.state !== "idle") ? 1500 : false) });
  const [full, askFull] = useState<Sync[]>();
  const start = useAct(
    ({ entities, mode }: { entities: string[]; mode: Mode }) => data(api.POST("/v1/syncs", { params: { header: of(c.id) }, body: { entities, mode } as never })),
    ["syncs", c.id],
    ["sync-runs", c.id],
    ["connections", c.id],
  );
  const still = ["disconnected", "paused", "pending"].includes(c.status);
  const all = list.data?.data ?? [];
  const columns: Column<Sync>[] = [
    { name: "Entity", width: "minmax(9rem,1.4fr)", cell: (s) => <span className="font-semibold">{words(s.entity)}</span> },
    { name: "State", width: "minmax(7.5rem,1fr)", cell: (s) => <StreamState of={s} /> },
    { name: "Records", width: "6rem", right: true, cell: (s) => count.format(s.counts.live) },
    { name: "Last success", width: "8rem", wide: true, cell: (s) => <Time at={s.last_success_at} /> },
    { name: "Next", width: "7rem", wide: true, cell: (s) => (s.paused ? <span className="text-muted">paused</span> : <Time at={s.next_run_at} none="by hand" />) },
    { name: "Schedule", width: "7rem", wide: true, cell: (s) => <span className="text-muted">{s.schedule || "none"}</span> },
    {
      name: "",
      width: "10.5rem",
      wide: true,
      right: true,
      cell: (s) => (
        <span className="inline-flex gap-1">
          <Button size="small" look="quiet" disabled={still} onClick={() => start.mutate({ entities: [s.entity], mode: "incremental" })} aria-label={`Sync ${s.entity} now`}>
            Sync now
          </Button>
          <Button size="small" look="quiet" disabled={still} onClick={() => askFull([s])} aria-label={`Read ${s.entity} anew`}>
            Full
          </Button>
        </span>
      ),
    },
  ];
  return (
    <Panel
      flush
      title="Streams"
      actions={
        <>
          <Button size="small" disabled={still || !all.length} onClick={() => askFull(all)}>Full re-sync</Button>
          <Button size="small" look="main" disabled={still || !all.length} busy={start.isPending} onClick={() => start.mutate({ entities: [], mode: "incremental" })}>
            <RefreshCw size={14} aria-hidden />
            Sync all now
          </Button>
        </>
      }
    >
      {list.error ?? start.error ? <div className="p-4"><Failure error={list.error ?? start.error} /></div> : null}
      <Grid label="Streams" rows={all} columns={columns} id={(s) => s.entity} loading={list.isPending} empty={<Empty title="Nothing is synced">This connection syncs no entity.</Empty>} />
      <Confirm
        open={Boolean(full)}
        onClose={() => askFull(undefined)}
        title={full?.length === 1 ? `Read ${full[0]!.entity} anew?` : "Read everything anew?"}
        label="Full re-sync"
        act={() => start.mutateAsync({ entities: full?.length === all.length ? [] : full!.map((s) => s.entity), mode: "full" })}
      >
        <p>
          Every record is read from {c.system_name} once more: {count.format(full?.reduce((n, s) => n + s.counts.live, 0) ?? 0)} are stored now. Records that are not there any more are noticed as deleted. That costs calls
          of the system's budget and may take a while; nothing is lost meanwhile, and readers see the records as they are.
        </p>
      </Confirm>
    </Panel>
  );
}

function StreamState({ of: s }: { of: Sync }) {
  const run = s.active_run;
  if (run && s.state === "running") {
    const share = run.expected ? ` of ${count.format(run.expected)}` : "";
    return <Badge tone="busy">{count.format(run.counts.fetched)}{share} read</Badge>;
  }
  if (s.state !== "idle") return <State state={s.state} />;
  if (s.held_deletions) return <Badge tone="warn">Deletions held</Badge>;
  if (s.error) return <span title={s.error.detail}><Badge tone="bad">{words(s.error.code)}</Badge></span>;
  if (s.counts.quarantined) return <Badge tone="warn">{count.format(s.counts.quarantined)} quarantined</Badge>;
  if (s.paused) return <Badge tone="quiet">Paused</Badge>;
  return s.last_run ? <State state={s.last_run.state} /> : <Badge tone="quiet">Never synced</Badge>;
}
