import { useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, type Schema } from "@/api/client";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { Field, input, SelectField } from "@/ui/field";
import { Failure } from "@/ui/say";
import { isOpen } from "./begins";

interface Props {
  name: string;
  run: Schema<"FlowRunDetail">;
  of: Schema<"FlowItemDetail">;
  onClose: () => void;
}

/** canSkip tells which items can be left out for good. */
const canSkip = (i: Props["of"]) => i.step !== "-" && (i.status === "failed" || i.status === "pending" || i.waits === "time");

/** Mend is what can be done about an item: retry it as it is, from another step or with another input, or leave it out. */
export function Mend({ name, run, of: i, onClose }: Props) {
  const [text, setText] = useState<string>();
  const [wrong, setWrong] = useState<string>();
  const [from, go] = useState("");
  const [repeat, again] = useState(false);
  const [skipping, skip] = useState(false);
  const retry = useAct(
    (body: object) => data(api.POST("/v1/flows/{name}/runs/{id}/retry", { params: { path: { name, id: run.id } }, body: { items: [{ step: i.step, n: i.n }], ...body } as never })),
    ["flow-runs", name], ["flows"],
  );
  const leave = useAct(() => data(api.POST("/v1/flows/{name}/runs/{id}/items/{step}/{n}/skip", { params: { path: { name, id: run.id, step: i.step, n: i.n } } })), ["flow-runs", name], ["flows"]);
  if (i.status !== "failed" && !canSkip(i)) return null;
  const open = isOpen(run.state);
  const begin = () => {
    const body = { from: from || undefined, repeat: repeat || undefined };
    if (text === undefined) return retry.mutate(body, { onSuccess: onClose });
    try {
      retry.mutate({ ...body, input: JSON.parse(text) as unknown }, { onSuccess: onClose });
    } catch (e) {
      setWrong(`This is not JSON: ${String(e)}`);
    }
  };
  const places = [...i.steps.map((s) => s.id), i.next].filter((s, k, all) => s && all.indexOf(s) === k);
  return (
    <section aria-label="Mend it" className="space-y-3 border-t border-line pt-4">
      {i.status === "failed" && open ? <p className="text-sm text-muted">It can be retried when the run has ended. Cancel the run to do it sooner.</p> : null}
      {i.status === "failed" && !open ? (
        <>
          {text !== undefined ? (
            <Field label="Input to go on with" error={wrong} help="The item is worked on from its first step with this, or from the step that you choose.">
              {(ids) => <textarea {...ids} rows={12} spellCheck={false} className={`${input} py-2 font-mono text-xs`} value={text} onChange={(e) => { setText(e.target.value); setWrong(undefined); }} />}
            </Field>
          ) : null}
          <div className="flex flex-wrap items-end gap-x-4 gap-y-2">
            <SelectField label="Go on from" value={from} onChange={(e) => go(e.target.value)} className="min-w-48">
              <option value="">{text === undefined ? "The step that failed" : "Its first step"}</option>
              {places.map((s) => (
                <option key={s} value={s}>{s}</option>
              ))}
            </SelectField>
            <label className="flex min-h-9 items-center gap-2 text-sm">
              <input type="checkbox" className="size-4" checked={repeat} onChange={(e) => again(e.target.checked)} />
              Do again what had an effect
            </label>
          </div>
          {repeat ? <p className="text-sm text-warn">Writes that were applied are made once more: a second record, if the system lets it.</p> : null}
        </>
      ) : null}
      <Failure error={retry.error} />
      <div className="flex flex-wrap justify-end gap-2">
        {canSkip(i) ? <Button onClick={() => skip(true)}>Skip it</Button> : null}
        {i.status === "failed" && !open ? (
          <>
            <Button onClick={() => { setText(text === undefined ? JSON.stringify(i.input, null, 2) : undefined); setWrong(undefined); }}>{text === undefined ? "Edit its input" : "Keep its input"}</Button>
            <Button look="main" busy={retry.isPending} onClick={begin}>{text === undefined ? "Retry this one" : "Retry with this input"}</Button>
          </>
        ) : null}
      </div>
      <Confirm open={skipping} onClose={() => skip(false)} title="Leave this item out?" label="Skip it" danger act={async () => { await leave.mutateAsync(undefined); onClose(); }}>
        <p>It counts as skipped for good: a retry of the run does not begin it again. The audit log says who did it. What it has written stays written.</p>
      </Confirm>
    </section>
  );
}
