import { Link } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { State, words } from "@/ui/badge";
import { count, many } from "@/ui/number";
import { Panel } from "@/ui/panel";
import { Time } from "@/ui/time";

type Failed = Schema<"Failure">;

/** Failures lists the runs and writes that failed last, each with why. */
export function Failures({ of: all }: { of: readonly Failed[] }) {
  return (
    <Panel flush title="What failed last">
      {all.length ? (
        <ul className="divide-y divide-line text-sm">
          {all.map((f) => (
            <li key={f.id} className="px-4 py-3">
              <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
                <span className="flex min-w-0 flex-wrap items-center gap-x-2.5 gap-y-1">
                  <Where of={f} />
                  {f.kind === "sync_run" ? <State state={f.state} /> : <State state={f.failed === f.total ? "failed" : "incomplete"} />}
                </span>
                <span className="text-muted"><Time at={f.at} /></span>
              </div>
              <p className="mt-1 text-muted">
                {f.kind === "operation" && f.total > 1 ? `${many(f.failed, "item")} of ${count(f.total)}. ` : ""}
                {said(f)} {f.error?.code ? <code className="font-mono text-xs whitespace-nowrap">{f.error.code}</code> : null}
              </p>
            </li>
          ))}
        </ul>
      ) : (
        <p className="px-4 py-6 text-sm text-muted">No sync and no write has failed in the last 7 days.</p>
      )}
    </Panel>
  );
}

function Where({ of: f }: { of: Failed }) {
  const look = "font-semibold text-ink hover:underline";
  const name = `${f.connection_name}: ${f.kind === "sync_run" ? "sync of" : f.total === 1 ? "write to" : "writes to"} ${words(f.entity).toLowerCase()}`;
  if (f.kind === "operation") return <Link to="/operations/$connection/$id" params={{ connection: f.connection_id, id: f.id }} className={look}>{name}</Link>;
  return <Link to="/connections/$id/runs/$run" params={{ id: f.connection_id, run: f.id }} className={look}>{name}</Link>;
}

/** said is why something failed; what is decided on a page of its own is told without the calls that decide it. */
const said = (f: Failed) => (f.error?.code === "deletions-held" ? "Too many records are gone from the system's answer, and nothing was deleted. A person decides." : f.error?.detail || "No reason was given.");
