import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import type { Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { connections, syncs, systems } from "@/api/queries";
import { Badge, words } from "@/ui/badge";
import { button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { count } from "@/ui/number";
import { Panel } from "@/ui/panel";

/** Where this browser keeps whether somebody is on the way to the first record. */
const memory = "busbar-first-record";

/** looked notes that a record was looked at: the way to the first one is at its end. */
export function looked() {
  if (localStorage.getItem(memory) === "begun") localStorage.setItem(memory, "done");
}


/** useBeginner says whether the three steps are shown: until there is a record, and then until it was looked at. */
export function useBeginner(o: Schema<"Overview"> | undefined): boolean {
  const [begun, setBegun] = useState(() => localStorage.getItem(memory) === "begun");
  const none = Boolean(o) && (!o!.connections.total || !o!.streams.synced);
  useEffect(() => {
    if (!none || begun) return;
    localStorage.setItem(memory, "begun");
    setBegun(true);
  }, [none, begun]);
  return none || (begun && Boolean(o));
}

/** FirstSteps lead from nothing to the first record that one looks at. */
export function FirstSteps({ of: o }: { of: Schema<"Overview"> }) {
  const may = useMay()("connect");
  const list = useInfiniteQuery(connections({}));
  const first = list.data?.pages[0]?.data.findLast((c) => c.status !== "disconnected");
  const connected = o.connections.total > 0;
  const synced = o.streams.synced > 0;
  const now = !connected ? 1 : !synced ? 2 : 3;
  return (
    <Panel flush>
      <ol className="divide-y divide-line">
        <Step n={1} now={now} title="Connect a system" done={first ? `${first.name} is connected.` : "A system is connected."}>
          <Choices may={may} />
        </Step>
        <Step n={2} now={now} title="The first sync" done={`${count(o.streams.records)} records are read.`}>
          {first ? <Progress of={first} /> : <p>Busbar reads what the system has, and from then on only what changes. It begins by itself.</p>}
        </Step>
        <Step n={3} now={now} title="Look at the first record" done="">
          <p>Each record shows its fields the same way, whatever system it is from, and what the system itself gave.</p>
          {now === 3 ? (
            <Link to="/records" search={{ connection: first?.id }} onClick={looked} className={button({ look: "main" })}>
              Open the records
            </Link>
          ) : null}
        </Step>
      </ol>
    </Panel>
  );
}

function Step({ n, now, title, done, children }: { n: number; now: number; title: string; done: string; children: ReactNode }) {
  const over = n < now;
  return (
    <li className={cx("flex gap-4 px-4 py-5", n > now && "text-muted")} aria-current={n === now ? "step" : undefined}>
      <span className={cx("grid size-8 shrink-0 place-items-center rounded-full border text-sm font-semibold", over ? "border-good bg-good-soft text-good" : n === now ? "border-ink bg-accent text-on-accent" : "border-line bg-sunken")}>
        {over ? <Check size={16} aria-label="Done" /> : n}
      </span>
      <div className="min-w-0 flex-1 space-y-3 pt-1 text-sm">
        <h2>{title}</h2>
        {over ? <p className="text-muted">{done}</p> : children}
      </div>
    </li>
  );
}

function Choices({ may }: { may: boolean }) {
  const all = useQuery(systems).data?.data ?? [];
  const simulated = all.filter((s) => s.simulated).map((s) => s.name);
  return (
    <>
      <p>
        Fill in a form yourself, or make a link with which your customer does.
        {simulated.length ? ` To try it without a system of your own, run busbar demo instead: it starts simulated ones (${simulated.join(", ")}) and connects them.` : ""}
      </p>
      {may ? <Link to="/connections/new" className={button({ look: "main" })}>Connect a system</Link> : <p className="text-muted">Your role does not allow it: ask an admin of the project.</p>}
    </>
  );
}

/** Progress shows the first sync while it goes on. */
function Progress({ of: c }: { of: Schema<"Connection"> }) {
  const list = useQuery({ ...syncs(c.id), enabled: c.status !== "pending" });
  const bad = ["unreachable", "needs_reauthorization", "degraded"].includes(c.status);
  return (
    <>
      {c.status === "pending" ? <p>{c.name} waits until its link is used.</p> : <p>{c.name} is being read. This page moves on by itself.</p>}
      {bad ? <p className="text-bad">{c.status_detail}</p> : null}
      <ul className="space-y-1">
        {(list.data?.data ?? []).map((s) => (
          <li key={s.entity} className="flex flex-wrap items-center gap-3">
            <span className="min-w-36">{words(s.entity)}</span>
            <Badge tone={s.active_run ? "busy" : s.last_success_at ? "good" : "quiet"}>
              {s.active_run ? `${count(s.active_run.counts.fetched)} read` : s.last_success_at ? `${count(s.counts.live)} records` : "Waits"}
            </Badge>
          </li>
        ))}
      </ul>
      <Link to="/connections/$id" params={{ id: c.id }} className={button({ look: bad ? "main" : "plain" })}>Open {c.name}</Link>
    </>
  );
}
