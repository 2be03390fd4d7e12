import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, type Schema } from "@/api/client";
import { flowVersion, flowVersions } from "@/api/flows";
import { useMay } from "@/api/may";
import { me } from "@/api/queries";
import { useRows } from "@/api/rows";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Copy } from "@/ui/copy";
import { cx } from "@/ui/cx";
import { Confirm } from "@/ui/dialog";
import { SelectField } from "@/ui/field";
import { Panel } from "@/ui/panel";
import { Failure, Loading } from "@/ui/say";
import { Time } from "@/ui/time";
import { differ } from "./diff";

/** Versions shows every version of a flow's document, and what differs between two. */
export function Versions({ of: f }: { of: Schema<"FlowDetail"> }) {
  const list = useInfiniteQuery(flowVersions(f.name));
  const who = useQuery(me).data;
  const [chosen, choose] = useState(f.version);
  const [against, compare] = useState(f.version - 1);
  const [back, bring] = useState(false);
  const may = useMay()("flows");
  const after = useQuery(flowVersion(f.name, chosen));
  const before = useQuery(flowVersion(f.name, against));
  const apply = useAct(() => data(api.PUT("/v1/flows/{name}", { params: { path: { name: f.name }, header: { "If-Match": `"${f.version}"` } }, body: { document: after.data!.document, format: after.data!.format } })), ["flows"]);
  const all = useRows(list.data);
  const pick = (n: number) => {
    choose(n);
    compare(n - 1);
  };
  return (
    <div className="grid items-start gap-5 lg:grid-cols-[18rem_minmax(0,1fr)]">
      <Panel flush title="Versions">
        <Failure error={list.error} again={() => void list.refetch()} />
        {list.isPending ? <Loading /> : null}
        <ul className="max-h-[40rem] divide-y divide-line overflow-auto">
          {all.map((v) => (
            <li key={v.version}>
              <button type="button" aria-current={v.version === chosen ? "true" : undefined} onClick={() => pick(v.version)} className={cx("block w-full px-4 py-2.5 text-left hover:bg-sunken", v.version === chosen && "bg-accent-soft")}>
                <span className="flex items-center gap-2 text-sm font-semibold">Version {v.version} {v.version === f.version ? <Badge tone="good">In use</Badge> : null}</span>
                <span className="block truncate text-xs text-muted" title={v.made_by}><Time at={v.made_at} /> by {v.made_by === who?.id ? "you" : v.made_by || "nobody known"}</span>
              </button>
            </li>
          ))}
        </ul>
        {list.hasNextPage ? <div className="border-t border-line p-3"><Button size="small" busy={list.isFetching} onClick={() => void list.fetchNextPage()}>Older ones</Button></div> : null}
      </Panel>
      <Panel
        flush
        title={`Version ${chosen}`}
        actions={
          <>
            <SelectField label="Show" hideLabel value={against} onChange={(e) => compare(Number(e.target.value))}>
              <option value={0}>The whole document</option>
              {all.filter((v) => v.version !== chosen).map((v) => (
                <option key={v.version} value={v.version}>What differs from version {v.version}</option>
              ))}
            </SelectField>
            {after.data ? <Copy text={after.data.document} label="Copy the document" /> : null}
            {may && chosen !== f.version && after.data ? <Button size="small" onClick={() => bring(true)}>Use this one again</Button> : null}
          </>
        }
      >
        <Failure error={after.error ?? before.error} />
        {!after.data || (against > 0 && !before.data) ? <Loading rows={10} /> : <Difference before={against > 0 ? before.data!.document : undefined} after={after.data.document} />}
      </Panel>
      <Confirm open={back} onClose={() => bring(false)} title={`Use version ${chosen} again?`} label={`Apply it as version ${f.version + 1}`} act={() => apply.mutateAsync(undefined)}>
        <p>Its document becomes version {f.version + 1}, with which the next runs begin. Connections and parameters stay as they are, and so do runs that are under way.</p>
      </Confirm>
    </div>
  );
}

const look = { same: "", in: "bg-good-soft", out: "bg-bad-soft" };
const mark = { same: " ", in: "+", out: "−" };
const told = { same: "", in: "put in: ", out: "taken out: " };

/** Difference shows a document, or what has become of another one in it. */
function Difference({ before, after }: { before?: string; after: string }) {
  const lines = before === undefined ? after.trimEnd().split("\n").map((text, i) => ({ kind: "same" as const, text, before: undefined, after: i + 1 })) : differ(before, after);
  if (lines.every((l) => l.kind === "gap")) return <p className="p-4 text-sm text-muted">The two documents are the same.</p>;
  return (
    <div tabIndex={0} role="region" aria-label="Document" className="max-h-[40rem] overflow-auto py-2 font-mono text-xs leading-relaxed">
      {lines.map((l, i) =>
        l.kind === "gap" ? (
          <p key={i} className="my-1 border-y border-line bg-sunken px-4 text-muted">{l.lines} {l.lines === 1 ? "line" : "lines"} the same</p>
        ) : (
          <div key={i} className={cx("flex min-w-0 px-2", look[l.kind])}>
            {before === undefined ? null : <span aria-hidden className="w-9 shrink-0 pr-2 text-right text-muted select-none">{l.before}</span>}
            <span aria-hidden className="w-9 shrink-0 pr-2 text-right text-muted select-none">{l.after}</span>
            <span aria-hidden className={cx("w-4 shrink-0 select-none", l.kind === "in" && "text-good", l.kind === "out" && "text-bad")}>{mark[l.kind]}</span>
            <span className="sr-only">{told[l.kind]}</span>
            <span className="min-w-0 whitespace-pre-wrap">{l.text || " "}</span>
          </div>
        ),
      )}
    </div>
  );
}
