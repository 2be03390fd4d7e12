import { Link } from "@tanstack/react-router";
import { ArrowRight } from "lucide-react";
import type { ReactNode } from "react";
import type { Schema } from "@/api/client";
import { words } from "@/ui/badge";
import { count } from "@/ui/number";
import { Panel } from "@/ui/panel";
import { Time } from "@/ui/time";

type Kind = Schema<"Waiting">;
type Place = Schema<"WaitingPlace">;


/** What each kind of thing that waits is, and what a person does about it. */
const says: Record<Kind["kind"], { one: string; more: string; act: string }> = {
  reauthorization: { one: "connection is refused by its system", more: "connections are refused by their systems", act: "Renew the credentials; what is stored stays readable meanwhile." },
  held_deletions: { one: "deletion is held back", more: "deletions are held back", act: "Suspiciously many records are missing at the source. Approve or reject." },
  needs_human: { one: "write needs a decision", more: "writes need a decision", act: "Nobody can tell whether they had their effect. Look into the system, then say so." },
  failed_flow_items: { one: "item of a flow failed", more: "items of flows failed", act: "Retry them, or edit and retry one." },
  quarantine: { one: "record is in quarantine", more: "records are in quarantine", act: "What does not fit the model is set aside. Mend it in its system, or look why." },
};

/** Waiting lists what waits for a person, each with where it is decided. */
export function Waiting({ of: kinds }: { of: readonly Kind[] }) {
  const open = kinds.filter((k) => k.count > 0);
  if (!open.length) return null;
  return (
    <Panel flush title="Waits for you">
      <ul className="divide-y divide-line">
        {open.map((k) => (
          <li key={k.kind} className="grid gap-x-6 gap-y-2 px-4 py-3 md:grid-cols-[minmax(0,1fr)_minmax(0,1.4fr)]">
            <div className="min-w-0">
              <h3>
                <span className="tabular-nums">{count(k.count)}{k.more ? "+" : ""}</span> {k.count === 1 ? says[k.kind].one : says[k.kind].more}
              </h3>
              <p className="text-sm text-muted">{says[k.kind].act}</p>
            </div>
            <Places of={k} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Places({ of: k }: { of: Kind }) {
  const rest = k.count - k.places.reduce((n, p) => n + p.count, 0);
  return (
    <ul className="min-w-0 text-sm">
      {k.places.map((p) => (
        <li key={[p.connection_id, p.entity, p.run_id, p.operation_id].join()}>
          <Decide kind={k.kind} at={p}>
            <span className="min-w-0 flex-1 truncate font-semibold text-ink group-hover:underline">{p.flow_title || p.flow_name || p.connection_name}{p.entity ? `, ${words(p.entity).toLowerCase()}` : ""}</span>
            {k.kind === "reauthorization" ? null : <span className="tabular-nums">{count(p.count)}{p.more ? "+" : ""}</span>}
            {p.since ? <span className="w-24 text-right text-muted"><Time at={p.since} /></span> : null}
            <ArrowRight size={14} aria-hidden className="shrink-0 text-muted" />
          </Decide>
        </li>
      ))}
      {rest > 0 ? <li className="px-2 py-1 text-muted">and {count(rest)}{k.more ? " or more" : ""} elsewhere</li> : null}
    </ul>
  );
}

/** Decide links to where something is decided. */
function Decide({ kind, at, children }: { kind: Kind["kind"]; at: Place; children: ReactNode }) {
  const look = "group flex min-h-8 items-center gap-3 rounded-md px-2 hover:bg-sunken";
  if (kind === "failed_flow_items")
    return <Link to="/flows/$name/runs/$id" params={{ name: at.flow_name ?? "", id: at.run_id ?? "" }} search={{ status: "failed" }} className={look}>{children}</Link>;
  if (kind === "needs_human") return <Link to="/operations/$connection/$id" params={{ connection: at.connection_id ?? "", id: at.operation_id ?? "" }} className={look}>{children}</Link>;
  if (at.run_id && at.connection_id) return <Link to="/connections/$id/runs/$run" params={{ id: at.connection_id, run: at.run_id }} className={look}>{children}</Link>;
  const tab = kind === "reauthorization" ? undefined : "runs";
  return <Link to="/connections/$id" params={{ id: at.connection_id ?? "" }} search={{ tab }} className={look}>{children}</Link>;
}
