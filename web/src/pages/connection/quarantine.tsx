import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, of, type Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { quarantine } from "@/api/syncs";
import { useRows } from "@/api/rows";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { SelectField } from "@/ui/field";
import { Json } from "@/ui/json";
import { count } from "@/ui/number";
import { Panel } from "@/ui/panel";
import { Empty, Failure, Loading, Notice } from "@/ui/say";

type Bad = Schema<"BadRecord">;

const states = { open: "cannot be mapped", stored: "stored since", superseded: "a newer one came" } as const;

/** Quarantine is what a run could not take: each record with what is wrong, where, and as it was received. */
export function Quarantine({ connection, run }: { connection: string; run: Schema<"SyncRun"> }) {
  const [state, setState] = useState("open");
  const may = useMay();
  const list = useInfiniteQuery(quarantine(connection, run.id, state));
  const retry = useAct(() => data(api.POST("/v1/sync-runs/{id}/quarantine/retry", { params: { header: of(connection), path: { id: run.id } } })), ["sync-runs", connection], ["syncs", connection], ["connections"], ["records", connection]);
  const rows = useRows(list.data);
  return (
    <Panel
      flush
      title="Quarantine"
      actions={
        <>
          <SelectField label="Show" hideLabel value={state} onChange={(e) => setState(e.target.value)}>
            <option value="open">Open</option>
            <option value="">All</option>
            <option value="stored">Stored since</option>
            <option value="superseded">Superseded</option>
          </SelectField>
          {may("sync") ? <Button busy={retry.isPending} onClick={() => retry.mutate(undefined)}>Try again</Button> : null}
        </>
      }
    >
      <div className="space-y-3 border-b border-line p-4 text-sm">
        <p className="max-w-prose text-muted">These records do not fit the model. They are kept as received and left out of lists until they fit; all others are stored. Mend them in the system, where the next sync finds them, or try again after an update of Busbar.</p>
        <Failure error={list.error ?? retry.error} />
        {retry.data ? (
          <Notice tone={retry.data.open ? "warn" : "good"} title={`${count(retry.data.tried)} tried again`}>
            <p>{count(retry.data.created + retry.data.updated)} are stored now, {count(retry.data.superseded)} were out of date, {count(retry.data.open)} still do not fit.</p>
          </Notice>
        ) : null}
      </div>
      {list.isPending ? <Loading /> : null}
      {!list.isPending && !rows.length ? <Empty title={state === "open" ? "Nothing is left in quarantine" : "Nothing here"}>{state === "open" ? "What this run could not take was stored since, or replaced by a newer one." : "No record of this kind."}</Empty> : null}
      <ul>
        {rows.map((bad, i) => (
          <One key={`${bad.remote_id} ${i}`} of={bad} />
        ))}
      </ul>
      {list.hasNextPage ? <div className="p-3 text-center"><Button size="small" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>Show more</Button></div> : null}
    </Panel>
  );
}

function One({ of: bad }: { of: Bad }) {
  const value = at(bad.raw, bad.pointer);
  return (
    <li className="border-b border-line last:border-b-0">
      <details className="group">
        <summary className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-3 text-sm hover:bg-sunken">
          <span className="w-40 shrink-0 truncate font-mono text-xs font-semibold">{bad.remote_id || "no key could be read"}</span>
          <span className="min-w-0 flex-1">{bad.reason}</span>
          {bad.state === "open" ? null : <Badge tone="quiet">{states[bad.state]}</Badge>}
        </summary>
        <div className="space-y-3 bg-page px-4 py-3 text-sm">
          {bad.pointer ? (
            <p>
              At <code className="font-mono text-xs font-semibold">{bad.pointer}</code>
              {value === undefined ? ", which is not there" : <>: <code className="rounded bg-bad-soft px-1 font-mono text-xs text-bad">{JSON.stringify(value)}</code></>}
            </p>
          ) : null}
          <p className="text-xs text-muted">As received:</p>
          <div className="rounded-lg border border-line bg-surface"><Json of={bad.raw} /></div>
        </div>
      </details>
    </li>
  );
}

/** at gives the value at a JSON pointer; undefined where there is none. */
function at(raw: unknown, pointer: string): unknown {
  return pointer
    .split("/")
    .slice(1)
    .reduce<unknown>((v, key) => (v as Record<string, unknown> | null | undefined)?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], raw);
}
