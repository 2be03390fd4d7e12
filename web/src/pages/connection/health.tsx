import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { health } from "@/api/queries";
import { past } from "@/api/syncs";
import { useRows } from "@/api/rows";
import { Badge, State, words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { type Column, Grid } from "@/ui/grid";
import { count } from "@/ui/number";
import { Facts, Panel } from "@/ui/panel";
import { Empty, Failure, Loading, Notice } from "@/ui/say";
import { Time, took } from "@/ui/time";

type Entity = Schema<"EntityHealth">;

const tone = { fresh: "good", late: "warn", never: "warn", paused: "quiet", unscheduled: "quiet" } as const;

const columns: Column<Entity>[] = [
  { name: "Entity", width: "minmax(7.5rem,1fr)", cell: (e) => <span className="font-semibold">{words(e.entity)}</span> },
  { name: "Freshness", width: "7rem", cell: (e) => <Badge tone={tone[e.freshness]}>{words(e.freshness)}</Badge> },
  { name: "Last success", width: "7rem", cell: (e) => <Time at={e.last_success_at} /> },
  { name: "What is wrong, and what to do", width: "minmax(10rem,2.5fr)", wide: true, cell: (e) => <span title={why(e)} className="text-muted">{why(e)}</span> },
];

const why = (e: Entity) =>
  [
    e.error ? `${e.error.detail}${e.failures > 1 ? ` (${e.failures} failed runs in a row)` : ""}` : "",
    e.next_step && e.next_step !== e.error?.detail ? e.next_step : "",
    e.held_deletions ? `${count(e.held_deletions)} deletions wait for a decision.` : "",
    e.quarantined ? `${count(e.quarantined)} records are in quarantine.` : "",
  ].filter(Boolean).join(" ");

/** Health is whether a connection is well, what holds it back, and how it was before. */
export default function HealthOf({ of: c }: { of: Schema<"Connection"> }) {
  const read = useQuery({ ...health(c.id), refetchInterval: 10_000 }); // how much of the budget is used is told by nothing
  if (read.error) return <Failure error={read.error} again={() => void read.refetch()} />;
  const h = read.data;
  if (!h) return <Loading />;
  const order = (e: Entity) => (e.error ? 0 : e.held_deletions || e.quarantined ? 1 : e.freshness === "late" || e.freshness === "never" ? 2 : 3);
  return (
    <div className="space-y-5">
      {h.blackout?.until ? <Notice tone="warn" title="A blackout holds"><p>No sync calls the system until <Time at={h.blackout.until} />.</p></Notice> : null}
      {h.budget ? <Budget of={h.budget} /> : null}
      <Panel flush title="Streams">
        <Grid label="Health of the streams" rows={[...h.entities].sort((a, b) => order(a) - order(b))} columns={columns} id={(e) => e.entity} empty={<Empty title="Nothing is synced" />} />
      </Panel>
      <Past of={c.id} />
    </div>
  );
}

function Budget({ of: b }: { of: Schema<"CallBudget"> }) {
  const waiting = Object.entries(b.waiting);
  const rates = [[b.limits.per_second, "a second"], [b.limits.per_minute, "a minute"], [b.limits.per_day, "a day"]].filter(([n]) => n).map(([n, per]) => `${count(n as number)} ${per}`);
  return (
    <Panel title="How much the system is asked">
      <div className="space-y-4">
        {b.breaker.state !== "closed" ? (
          <Notice tone="bad" title={b.breaker.state === "open" ? "The system does not answer" : "One call tries whether the system answers again"}>
            {b.breaker.next_probe_at ? <p>The next call tries <Time at={b.breaker.next_probe_at} />.</p> : null}
          </Notice>
        ) : null}
        <Facts
          of={[
            ["Calls under way", `${b.in_use} of ${b.at_once}${b.at_once < b.limits.concurrency ? ` (${b.limits.concurrency} when it is well)` : ""}`],
            ["Granted", rates.join(", ") || "no limit of calls"],
            ["Used of that", `${Math.round(b.share * 100)} %${b.share < 1 ? ", because it asked for less" : ""}`],
            ["Waiting", waiting.length ? waiting.map(([name, n]) => `${n} ${words(name).toLowerCase()}`).join(", ") : "none"],
            ...(b.paused_until ? [["No call before", <Time key="p" at={b.paused_until} />] as [string, React.ReactNode]] : []),
          ]}
        />
      </div>
    </Panel>
  );
}

function Past({ of: id }: { of: string }) {
  const list = useInfiniteQuery(past(id));
  const rows = useRows(list.data);
  return (
    <Panel flush title="How it was before">
      {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
      {list.isPending ? <Loading /> : null}
      <ol>
        {rows.map((s) => (
          <li key={`${s.since} ${s.status}`} className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 gap-y-1 border-b border-line px-4 py-2.5 text-sm last:border-b-0 md:grid-cols-[13rem_minmax(0,1fr)_9rem_7rem]">
            <span><State state={s.status} /></span>
            <span className="order-last col-span-2 text-muted md:order-none md:col-span-1">{s.reason?.detail}</span>
            <span className="hidden text-muted md:block">{s.until ? `for ${took(s.since, s.until)}` : "now"}</span>
            <span className="text-right"><Time at={s.since} /></span>
          </li>
        ))}
      </ol>
      {list.hasNextPage ? <div className="p-3 text-center"><Button size="small" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>Show more</Button></div> : null}
    </Panel>
  );
}
