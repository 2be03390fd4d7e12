import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { parse } from "yaml";
import { useAct } from "@/api/acts";
import { api, data, type Schema } from "@/api/client";
import { type Envelope, type RecordPage, send } from "@/api/records";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { Field, input } from "@/ui/field";
import { Failure } from "@/ui/say";
import { Parameter, type ParameterForm } from "./parameter";

interface Change {
  connection: string;
  entity: string;
  types?: string[];
}

interface Read {
  trigger?: { change?: Change; webhook?: unknown };
  parameters?: Record<string, ParameterForm>;
}

/** asChange writes a record as the change of it that a run takes. */
const asChange = (entity: string, r: Envelope) => ({ type: "updated", entity, id: r.id, remote_id: r.remote_id, version: r.version, record: r });

/** example is an input of the shape that the trigger brings. */
function example(read: Read): string {
  const c = read.trigger?.change;
  if (c) return JSON.stringify({ changes: [{ type: c.types?.[0] ?? "updated", entity: c.entity, record: {} }] }, null, 2);
  return "";
}

/** Begin asks for what a run is given, and begins it. */
export default function Begin({ of: f, onClose }: { of: Schema<"FlowDetail">; onClose: () => void }) {
  const read = (parse(f.document) ?? {}) as Read;
  const change = read.trigger?.change;
  const stream = change ? f.connections[change.connection] : undefined;
  const [text, setText] = useState(() => example(read));
  const [values, setValues] = useState<Record<string, unknown>>({});
  const [wrong, setWrong] = useState<string>();
  const navigate = useNavigate();
  const run = useAct((body: { input?: unknown; parameters?: Record<string, unknown> }) => data(api.POST("/v1/flows/{name}/runs", { params: { path: { name: f.name } }, body: body as never })), ["flow-runs", f.name], ["flows"]);
  const newest = useAct(async () => (await send<RecordPage>("GET", `/v1/${change!.entity}?limit=1`, stream!)).body.data[0]);
  const asked = Object.entries(read.parameters ?? {}).filter(([, p]) => p.type !== "secret");
  const take = () =>
    newest.mutate(undefined, {
      onSuccess: (r) => {
        if (r) setText(JSON.stringify({ changes: [asChange(change!.entity, r)] }, null, 2));
        else setWrong("There is no record yet.");
      },
    });
  const act = async () => {
    let input: unknown;
    try {
      input = text.trim() ? JSON.parse(text) : undefined;
    } catch (e) {
      setWrong(`This is not JSON: ${String(e)}`);
      throw new Error("The input is not JSON yet.");
    }
    const given = Object.fromEntries(Object.entries(values).filter(([, v]) => v !== undefined && v !== null));
    const begun = await run.mutateAsync({ input, parameters: Object.keys(given).length ? given : undefined });
    void navigate({ to: "/flows/$name/runs/$id", params: { name: f.name, id: begun.id } });
  };
  return (
    <Confirm open onClose={onClose} title="Run it now?" label="Run it" act={act}>
      <p>It does what its document says, for real: what it writes goes to the systems. A test run shows the same and writes nothing.</p>
      <Field
        label={change ? `Changes of ${change.entity}` : "Input"}
        optional={!change}
        error={wrong}
        help={change ? "What the stream would bring, as JSON. Each change holds its whole record." : read.trigger?.webhook ? "What a caller would send, as JSON. Steps see it as trigger.input." : "JSON that steps see as trigger.input. Most flows need none."}
      >
        {(ids) => <textarea {...ids} rows={change ? 9 : 4} spellCheck={false} className={`${input} py-2 font-mono text-xs`} value={text} onChange={(e) => { setText(e.target.value); setWrong(undefined); }} />}
      </Field>
      {change && stream ? <Button size="small" busy={newest.isPending} onClick={take}>Take a record from {change.entity}</Button> : null}
      <Failure error={newest.error} />
      {asked.length ? (
        <fieldset className="space-y-3 rounded-lg border border-line p-3">
          <legend className="px-1 font-semibold">Parameters of this run only</legend>
          {asked.map(([name, p]) => (
            <Parameter key={name} name={name} of={{ ...p, required: false, default: f.parameters?.[name as never] ?? p.default }} value={values[name]} set={(v) => setValues((all) => ({ ...all, [name]: v }))} />
          ))}
        </fieldset>
      ) : null}
    </Confirm>
  );
}
