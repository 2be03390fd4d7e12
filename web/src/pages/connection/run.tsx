import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, of, type Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { connection } from "@/api/queries";
import { run, under } from "@/api/syncs";
import { State, words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { Facts, Page, Panel } from "@/ui/panel";
import { Bar } from "@/ui/bar";
import { count } from "@/ui/number";
import { Failure, Loading, Notice } from "@/ui/say";
import { Time, took } from "@/ui/time";
import { HeldDeletions } from "./held";
import { Quarantine } from "./quarantine";

type Run = Schema<"SyncRun">;

const route = getRouteApi("/connections/$id/runs/$run");

const modes: Record<Run["mode"], string> = { incremental: "what changed", full: "everything anew", reset: "everything anew, with a new history of changes" };

/** One run: what it read and stored, why it stopped, what it could not take, and what it wants to delete. */
export default function SyncRun() {
  const { id, run: runId } = route.useParams();
  const c = useQuery(connection(id));
  const read = useQuery(run(id, runId));
  const may = useMay();
  const [asked, ask] = useState(false);
  const cancel = useAct(() => data(api.POST("/v1/sync-runs/{id}/cancel", { params: { header: of(id), path: { id: runId } } })), ["sync-runs", id], ["syncs", id]);
  const r = read.data;
  const crumbs = (
    <>
      <Link to="/connections" className="hover:underline">Connections</Link> / <Link to="/connections/$id" params={{ id }} className="hover:underline">{c.data?.name ?? "Connection"}</Link> /{" "}
      <Link to="/connections/$id" params={{ id }} search={{ tab: "runs" }} className="hover:underline">Sync runs</Link>
    </>
  );
  if (read.error) return <Page crumbs={crumbs} title="Sync run"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  if (!r) return <Loading rows={8} />;
  return (
    <Page
      crumbs={crumbs}
      title={<>{words(r.entity)} <State state={r.state} /></>}
      lead={`Reads ${modes[r.mode]}. ${begun[r.trigger]}`}
      actions={under(r) && may("sync") ? <Button look="danger" disabled={r.cancel_requested} onClick={() => ask(true)}>{r.cancel_requested ? "Stops after this page…" : "Cancel"}</Button> : null}
    >
      {r.error && r.held_deletions?.decision !== "pending" ? (
        <Notice tone={r.state === "failed" ? "bad" : "warn"} title={r.state === "incomplete" ? "It did not get everything" : r.state === "failed" ? "It failed" : words(r.error.code)}>
          <p>{r.error.detail}</p>
          {r.retry_at && under(r) ? <p>It is tried again <Time at={r.retry_at} />.</p> : null}
        </Notice>
      ) : null}
      <Panel>
        <div className="space-y-5">
          {under(r) ? <Progress of={r} /> : null}
          <Counts of={r} />
          <Facts
            of={[
              ["Asked for", <Time key="a" at={r.requested_at} />],
              ["Begun", <Time key="b" at={r.started_at} none="not yet" />],
              ["Ended", <Time key="e" at={r.finished_at} none="not yet" />],
              ["Took", took(r.started_at, r.finished_at)],
              ["Attempts", count(r.attempt)],
              ["Changes since", <Time key="s" at={r.since} none="everything" />],
              ["Goes back to", <Time key="h" at={r.history_from} none="the beginning" />],
              ["Id", <code key="id" className="font-mono text-xs select-all">{r.id}</code>],
            ]}
          />
        </div>
      </Panel>
      {r.held_deletions ? <HeldDeletions connection={id} system={c.data?.system_name ?? "the system"} of={r.held_deletions} entity={r.entity} /> : null}
      {r.counts.quarantined ? <Quarantine connection={id} run={r} /> : null}
      <Confirm open={asked} onClose={() => ask(false)} title={`Cancel the sync of ${words(r.entity).toLowerCase()}?`} label="Cancel the sync" danger act={() => cancel.mutateAsync(undefined)}>
        <p>{r.state === "queued" ? "It has not begun, and never will." : "It stops at the end of the page that it is reading. What it has stored stays."} The next run goes on from the last success, so nothing is missed.</p>
      </Confirm>
    </Page>
  );
}

const begun: Record<Run["trigger"], string> = {
  schedule: "Begun by the schedule.",
  manual: "Begun by a person or a program.",
  connect: "Begun because the system was connected.",
  webhook: "Begun because the system said that something changed.",
};

/** Progress is how far a run has come: of how many, where the source says so. */
export function Progress({ of: r }: { of: Run }) {
  const said = r.state === "queued" ? (r.retry_at ? "waits to be tried again" : "waits for its turn") : r.expected ? `${count(r.counts.fetched)} of ${count(r.expected)} read` : `${count(r.counts.fetched)} read so far`;
  return <Bar label={`Sync of ${words(r.entity)}`} said={said} share={r.state === "running" && r.expected ? r.counts.fetched / r.expected : undefined} />;
}

const named: [keyof Run["counts"], string][] = [["fetched", "Read"], ["created", "New"], ["updated", "Changed"], ["unchanged", "Unchanged"], ["deleted", "Deleted"], ["quarantined", "Quarantined"]];

function Counts({ of: r }: { of: Run }) {
  return (
    <dl className="grid grid-cols-3 gap-x-6 gap-y-4 sm:grid-cols-6">
      {named.map(([key, name]) => (
        <div key={key}>
          <dt className="text-xs text-muted">{name}</dt>
          <dd className={`text-xl font-semibold tabular-nums ${key === "quarantined" && r.counts[key] ? "text-warn" : ""}`}>{count(r.counts[key])}</dd>
        </div>
      ))}
    </dl>
  );
}
