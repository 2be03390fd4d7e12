import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, of, type Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { health, syncs } from "@/api/queries";
import { Badge, State, words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { type Column, Grid } from "@/ui/grid";
import { count } from "@/ui/number";
import { Panel } from "@/ui/panel";
import { Empty, Failure } from "@/ui/say";
import { Time } from "@/ui/time";
import { Stream, scheduleWords } from "./stream";

type Sync = Schema<"Sync">;
type Mode = "incremental" | "full";

/** Streams are the entities of a connection: how fresh each is, and what can be done about it. */
export function Streams({ of: c }: { of: Schema<"Connection"> }) {
  const list = useQuery(syncs(c.id));
  const well = useQuery(health(c.id));
  const may = useMay()("sync");
  const [full, askFull] = useState<Sync[]>();
  const [open, setOpen] = useState<string>();
  const start = useAct(({ entities, mode }: { entities: string[]; mode: Mode }) => data(api.POST("/v1/syncs", { params: { header: of(c.id) }, body: { entities, mode } })), ["syncs", c.id], ["sync-runs", c.id], ["connections"]);
  const still = ["disconnected", "paused", "pending"].includes(c.status);
  const all = list.data?.data ?? [];
  const fresh = new Map(well.data?.entities.map((e) => [e.entity, e.freshness]));
  const columns: Column<Sync>[] = [
    {
      name: "Entity",
      width: "minmax(7.5rem,1.3fr)",
      cell: (s) => <button type="button" onClick={() => setOpen(s.entity)} className="max-w-full truncate py-2 font-semibold text-ink hover:underline">{words(s.entity)}</button>,
    },
    { name: "State", width: "minmax(7.25rem,1.2fr)", cell: (s) => <StreamState of={s} /> },
    { name: "Records", width: "4.5rem", right: true, cell: (s) => count(s.counts.live) },
    { name: "Last success", width: "8.5rem", wide: true, cell: (s) => <Freshness at={s.last_success_at} is={fresh.get(s.entity)} /> },
    { name: "Next", width: "6.5rem", wide: true, cell: (s) => (s.paused ? <span className="text-muted">paused</span> : <Time at={s.next_run_at} none="by hand" />) },
    { name: "Schedule", width: "9rem", wide: true, cell: (s) => <span className="text-muted" title={s.schedule}>{scheduleWords(s.schedule)}</span> },
    {
      name: "",
      width: may ? "9.5rem" : "0",
      wide: true,
      right: true,
      cell: (s) => may ? (
        <span className="inline-flex gap-1">
          <Button size="small" look="quiet" disabled={still} onClick={() => start.mutate({ entities: [s.entity], mode: "incremental" })} aria-label={`Sync now: ${words(s.entity)}`}>Sync now</Button>
          <Button size="small" look="quiet" disabled={still} onClick={() => askFull([s])} aria-label={`Full re-sync: ${words(s.entity)}`}>Full</Button>
        </span>
      ) : null,
    },
  ];
  const shown = all.find((s) => s.entity === open);
  return (
    <Panel
      flush
      title="Streams"
      actions={
        may ? (
          <>
            <Button size="small" disabled={still || !all.length} onClick={() => askFull(all)}>Full re-sync</Button>
            <Button size="small" look="main" disabled={still || !all.length} busy={start.isPending} onClick={() => start.mutate({ entities: [], mode: "incremental" })}>
              <RefreshCw size={14} aria-hidden />
              Sync all now
            </Button>
          </>
        ) : null
      }
    >
      {list.error ?? start.error ? <div className="p-4"><Failure error={list.error ?? start.error} /></div> : null}
      <Grid label="Streams" rows={all} columns={columns} id={(s) => s.entity} loading={list.isPending} empty={<Empty title="Nothing is synced">This connection syncs no entity.</Empty>} />
      {shown ? (
        <Stream of={shown} connection={c} still={still} health={well.data?.entities.find((e) => e.entity === shown.entity)} onClose={() => setOpen(undefined)} sync={() => start.mutateAsync({ entities: [shown.entity], mode: "incremental" })} full={() => askFull([shown])} />
      ) : null}
      <Confirm
        open={Boolean(full)}
        onClose={() => askFull(undefined)}
        title={full?.length === 1 ? `Read ${words(full[0]!.entity).toLowerCase()} anew?` : "Read everything anew?"}
        label="Full re-sync"
        act={() => start.mutateAsync({ entities: full?.length === all.length ? [] : full!.map((s) => s.entity), mode: "full" })}
      >
        <p>
          Every record is read from {c.system_name} once more: {count(full?.reduce((n, s) => n + s.counts.live, 0) ?? 0)} are stored now. Records that are not there any more are noticed as deleted. That costs calls of the system's budget and may take a
          while; nothing is lost meanwhile, and readers see the records as they are.
        </p>
      </Confirm>
    </Panel>
  );
}

function Freshness({ at, is }: { at: string | null; is?: string }) {
  return (
    <span className={is === "late" ? "font-semibold text-warn" : undefined}>
      <Time at={at} />
      {is === "late" ? " · late" : null}
    </span>
  );
}

/** StreamState is what a stream does now, or else what a person should know about it first; it leads to the run behind that. */
function StreamState({ of: s }: { of: Sync }) {
  const run = s.active_run ?? s.last_run;
  const state = <Said of={s} />;
  return run ? (
    <Link to="/connections/$id/runs/$run" params={(p) => ({ id: p.id!, run: s.held_deletions?.decision === "pending" && !s.active_run ? s.held_deletions.run : run.id })} className="hover:underline">
      {state}
    </Link>
  ) : state;
}

function Said({ of: s }: { of: Sync }) {
  const run = s.active_run;
  if (run && s.state === "running") {
    const share = run.expected ? ` of ${count(run.expected)}` : "";
    return <Badge tone="busy">{count(run.counts.fetched)}{share} read</Badge>;
  }
  if (s.state !== "idle") return <State state={s.state} />;
  if (s.held_deletions?.decision === "pending") return <Badge tone="warn">{count(s.held_deletions.missing)} deletions held</Badge>;
  if (s.error) return <span title={s.error.detail}><Badge tone="bad">{words(s.error.code)}</Badge></span>;
  if (s.counts.quarantined) return <Badge tone="warn">{count(s.counts.quarantined)} quarantined</Badge>;
  if (s.paused) return <Badge tone="quiet">Paused</Badge>;
  return s.last_run ? <State state={s.last_run.state} /> : <Badge tone="quiet">Never synced</Badge>;
}
