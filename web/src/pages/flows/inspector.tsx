import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Schema } from "@/api/client";
import { flowItem, ledgerItem } from "@/api/flows";
import { useMay } from "@/api/may";
import { State, words } from "@/ui/badge";
import { Dialog } from "@/ui/dialog";
import { Json } from "@/ui/json";
import { Facts } from "@/ui/panel";
import { Failure, Loading, Notice } from "@/ui/say";
import { Time } from "@/ui/time";
import { nameOfStep } from "./begins";
import { problemIn, waitsFor } from "./items";
import { Mend } from "./mend";

type Item = Schema<"FlowItemDetail">;

/** Inspector shows one item step by step: what it was given, what each step gave, what was written, and why it failed. */
export function Inspector({ name, run, item, onClose }: { name: string; run: Schema<"FlowRunDetail">; item: string; onClose: () => void }) {
  const cut = item.lastIndexOf("/");
  const [step, n] = [item.slice(0, cut), Number(item.slice(cut + 1))];
  const read = useQuery(flowItem(name, run.id, step, n));
  const may = useMay()("run");
  const i = read.data;
  return (
    <Dialog open wide title={i ? (i.step === "-" ? nameOfStep(i.step) : `${i.step}: ${i.key || `#${i.n}`}`) : "Item"} onClose={onClose}>
      <Failure error={read.error} again={() => void read.refetch()} />
      {i ? (
        <>
          <Facts
            of={[
              ["Status", <State key="s" state={i.status} />],
              ["Tries", String(i.attempts)],
              ["Last change", <Time key="t" at={i.updated_at} />],
              [i.status === "failed" ? "Failed at" : "Next step", i.next ? <code key="c" className="font-mono text-xs">{i.next}</code> : "–"],
              ...(i.due_at ? [["Goes on", <Time key="d" at={i.due_at} />] as [string, React.ReactNode]] : []),
            ]}
          />
          {i.waits ? <Notice tone="quiet" title={waitsFor(i)} /> : null}
          <Why error={i.error} />
          <Fold title="Input" open><Json of={i.input} /></Fold>
          {i.steps.map((s) => (
            <Fold key={s.id} title={s.id} note={kindNotes[s.kind] ?? s.kind}><Json of={s.result} /></Fold>
          ))}
          {i.operation ? <Written of={i.operation} /> : null}
          {i.output !== null && i.output !== undefined ? <Fold title="Output" note="the result of its last step"><Json of={i.output} /></Fold> : null}
          {may ? <Mend name={name} run={run} of={i} onClose={onClose} /> : null}
        </>
      ) : read.error ? null : (
        <Loading />
      )}
    </Dialog>
  );
}

const kindNotes: Record<string, string> = { request: "request: what was answered", get: "get: the record", find: "find: the record", write: "write: what became of it", call: "call: how the other run ended" };

function Fold({ title, note, open, children }: { title: string; note?: string; open?: boolean; children: React.ReactNode }) {
  return (
    <details open={open} className="overflow-hidden rounded-lg border border-line">
      <summary className="px-3 py-2 text-sm"><span className="font-semibold">{title}</span> {note ? <span className="text-muted">{note}</span> : null}</summary>
      <div className="border-t border-line">{children}</div>
    </details>
  );
}

/** Why says why an item failed, with every place that the problem names. */
function Why({ error }: { error: unknown }) {
  const p = problemIn(error);
  if (!p) return null;
  return (
    <Notice tone="bad" title={p.title ?? "It failed"}>
      <p>{p.detail}</p>
      {p.errors?.map((e, k) => <p key={k}><code className="font-mono text-xs">{e.pointer}</code> {e.detail}</p>)}
      <p className="text-xs text-muted">
        {p.code}{p.request_id ? <>, request <code className="font-mono select-all">{p.request_id}</code></> : null}{p.retryable ? ". A retry may help." : null}
      </p>
    </Notice>
  );
}

/** Written shows what the ledger of writes knows of an item's write. */
function Written({ of: o }: { of: Item["operation"] }) {
  const read = useQuery(ledgerItem(o.connection_id, o.id, o.n));
  const w = read.data;
  return (
    <section className="space-y-3 rounded-lg border border-line p-3">
      <h3 className="flex flex-wrap items-center justify-between gap-2">
        The write behind it
        <Link to="/operations/$connection/$id" params={{ connection: o.connection_id, id: o.id }} className="text-sm font-normal text-ink hover:underline">Open the operation</Link>
      </h3>
      <Failure error={read.error} />
      {w ? (
        <Facts
          of={[
            ["What", words(w.op)],
            ["What became of it", <State key="s" state={w.status} />],
            ["Record", w.remote_id ?? "–"],
            ["Sent", <Time key="t" at={w.sent_at} none="not sent" />],
            ["Calls", String(w.attempts)],
          ]}
        />
      ) : read.isPending ? <Loading rows={2} /> : <p className="text-sm text-muted">The ledger does not keep it any more.</p>}
      {w?.error ? <Why error={w.error} /> : null}
      {w?.warnings?.map((x, k) => <p key={k} className="text-sm text-warn">{x.detail}</p>)}
    </section>
  );
}
