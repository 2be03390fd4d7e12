import { Link } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { Badge, State, type Tone, words } from "@/ui/badge";
import { count } from "@/ui/number";
import { Panel } from "@/ui/panel";
import { Empty } from "@/ui/say";
import { Time } from "@/ui/time";


const statuses = ["needs_reauthorization", "unreachable", "degraded", "syncing", "active", "paused", "pending", "disconnected"] as const;

/** Connections counts connections by their status. */
export function Connections({ of: c }: { of: Schema<"ConnectionCounts"> }) {
  return (
    <Panel flush title="Connections">
      <ul className="divide-y divide-line text-sm">
        {statuses.filter((s) => c[s] > 0).map((s) => (
          <li key={s}>
            <Link to="/connections" search={{ status: s }} className="flex min-h-10 items-center justify-between gap-3 px-4 hover:bg-sunken">
              <State state={s} />
              <span className="tabular-nums">{count(c[s])}</span>
            </Link>
          </li>
        ))}
      </ul>
      {c.total + c.disconnected ? null : <Empty title="Nothing is connected">Connect a system to see it here.</Empty>}
    </Panel>
  );
}

const conditions: [name: "failing" | "late" | "never" | "fresh" | "unscheduled" | "paused", tone: Tone, word: string][] = [
  ["failing", "bad", "Failing"], ["late", "warn", "Late"], ["never", "busy", "Never synced"], ["fresh", "good", "Fresh"], ["unscheduled", "quiet", "Only when asked"], ["paused", "quiet", "Paused"],
];

/** Streams counts streams by how fresh they are against their schedule, and names the worst. */
export function Streams({ of: s, worst }: { of: Schema<"StreamCounts">; worst: readonly Schema<"StreamTrouble">[] }) {
  return (
    <Panel flush title="Streams">
      <ul className="divide-y divide-line text-sm">
        {conditions.filter(([name]) => s[name] > 0).map(([name, tone, word]) => (
          <li key={name} className="flex min-h-10 items-center justify-between gap-3 px-4">
            <Badge tone={tone}>{word}</Badge>
            <span className="tabular-nums">{count(s[name])}{s.more ? "+" : ""}</span>
          </li>
        ))}
      </ul>
      {worst.length ? (
        <div className="border-t border-line bg-sunken px-4 py-3">
          <h3>The worst</h3>
          <ul className="mt-2 space-y-2.5 text-sm">
            {worst.map((w) => (
              <li key={w.connection_id + w.entity} className="min-w-0">
                <div className="flex items-baseline justify-between gap-3">
                  <Link to="/connections/$id" params={{ id: w.connection_id }} className="min-w-0 truncate font-semibold text-ink hover:underline">{w.connection_name}, {words(w.entity).toLowerCase()}</Link>
                  <Badge tone={w.condition === "failing" ? "bad" : "warn"}>{w.condition === "failing" ? `Failed ${count(w.failures)}×` : "Late"}</Badge>
                </div>
                <p className="line-clamp-2 text-muted" title={w.error?.detail}>{w.error?.detail || words(w.error?.code ?? "") || "No success when one was due."}</p>
                <p className="text-xs text-muted">Last success <Time at={w.last_success_at} /></p>
              </li>
            ))}
          </ul>
        </div>
      ) : null}
    </Panel>
  );
}
