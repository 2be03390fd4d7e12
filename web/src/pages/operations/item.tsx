import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, of, type Schema } from "@/api/client";
import { words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { TextField } from "@/ui/field";
import { Json } from "@/ui/json";
import { Failure, Loading, Notice } from "@/ui/say";
import { Time } from "@/ui/time";

type Item = Schema<"OperationItem">;

interface Props {
  connection: string;
  operation: Schema<"Operation">;
  item: Item;
  onClose: () => void;
}

/** ItemDetail shows what was asked of one item, why it failed and where, and each attempt. */
export function ItemDetail({ connection, operation: o, item, onClose }: Props) {
  const read = useQuery({
    queryKey: ["operations", connection, "item", o.id, item.index],
    queryFn: () => data(api.GET("/v1/operations/{id}/items/{n}", { params: { header: of(connection), path: { id: o.id, n: item.index } } })),
  });
  const d = read.data;
  return (
    <Dialog open title={`Item ${item.index}${item.client_ref ? ` · ${item.client_ref}` : ""}`} onClose={onClose}>
      {read.error ? <Failure error={read.error} again={() => void read.refetch()} /> : null}
      {!d && !read.error ? <Loading /> : null}
      {d ? (
        <div className="space-y-4">
          <Why of={d} />
          <section className="space-y-1">
            <h3>What was asked</h3>
            <div className="rounded-lg border border-line"><Json of={d.data} /></div>
          </section>
          <section className="space-y-1 text-sm">
            <h3>What was done</h3>
            {d.ledger.length ? (
              <ol className="space-y-2">
                {d.ledger.map((a) => (
                  <li key={a.number} className="rounded-lg border border-line px-3 py-2">
                    <p><strong>{words(a.kind)}</strong> <Time at={a.started_at} /> · {a.outcome ? words(a.outcome).toLowerCase() : "its end was never learnt"}</p>
                    {a.detail ? <p className="text-muted">{a.detail}</p> : null}
                    {a.sent ? <pre tabIndex={0} className="mt-1 max-h-40 overflow-auto font-mono text-xs whitespace-pre-wrap">{a.sent}</pre> : null}
                    {a.answer ? <pre tabIndex={0} className="mt-1 max-h-40 overflow-auto font-mono text-xs whitespace-pre-wrap text-muted">{a.answer}</pre> : null}
                  </li>
                ))}
              </ol>
            ) : (
              <p className="text-muted">Nothing was sent.</p>
            )}
          </section>
        </div>
      ) : null}
    </Dialog>
  );
}

/** Why says why an item failed or waits, and at which field. */
function Why({ of: i }: { of: Item }) {
  if (!i.error && !i.warnings.length) return null;
  return (
    <Notice tone={i.error ? "bad" : "warn"} title={i.error?.title ?? "Not all of it was taken."}>
      {i.error?.detail ? <p>{i.error.detail}</p> : null}
      <ul className="list-disc pl-5">
        {[...(i.error?.errors ?? []), ...i.warnings].map((e, n) => (
          <li key={n}><code className="font-mono text-xs">{e.pointer}</code> {e.detail}</li>
        ))}
      </ul>
    </Notice>
  );
}

/** Decide lets a person say what became of a write of which nobody could find out. */
export function Decide({ connection, operation: o, item, onClose }: Props) {
  const [outcome, setOutcome] = useState<"happened" | "not_happened">();
  const [remote, setRemote] = useState("");
  const act = useAct(
    () => data(api.POST("/v1/operations/{id}/items/{n}/resolve", { params: { header: of(connection), path: { id: o.id, n: item.index } }, body: { outcome: outcome!, ...(outcome === "happened" && remote ? { remote_id: remote } : {}) } })),
    ["operations"],
  );
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    await act.mutateAsync(undefined).then(onClose, () => undefined);
  };
  const choices = [["happened", "The write is there"], ["not_happened", "The write is not there: send it again"]] as const;
  return (
    <Dialog open title="Did it happen?" onClose={onClose}>
      <form onSubmit={(e) => void submit(e)} className="space-y-4">
        <p className="text-sm">{item.error?.detail ?? "The system gave no answer that tells."} Look in the system first, then say what you see there.</p>
        <fieldset className="space-y-2 text-sm">
          <legend className="mb-1 font-semibold">In the system</legend>
          {choices.map(([value, label]) => (
            <label key={value} className="flex items-center gap-2">
              <input type="radio" name="outcome" required className="size-4" checked={outcome === value} onChange={() => setOutcome(value)} />
              {label}
            </label>
          ))}
        </fieldset>
        {outcome === "happened" && item.op === "create" && !item.remote_id ? <TextField label="Its key in the system" value={remote} onChange={(e) => setRemote(e.target.value)} required help="As the system names the record, so that Busbar finds it." /> : null}
        {outcome === "not_happened" ? <Notice tone="warn" title="It is sent again at once.">If it did happen after all, it is there twice then.</Notice> : null}
        <Failure error={act.error} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Leave it open</Button>
          <Button type="submit" look="main" busy={act.isPending} disabled={!outcome}>{outcome === "not_happened" ? "Send it again" : "It happened"}</Button>
        </div>
      </form>
    </Dialog>
  );
}
