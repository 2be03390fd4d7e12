import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useAct } from "@/api/acts";
import { ApiError, api, data, type Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { system } from "@/api/queries";
import { methods } from "@/pages/connections/login";
import { words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Field, input, TextField } from "@/ui/field";
import { Facts, Panel } from "@/ui/panel";
import { Failure } from "@/ui/say";

type Of = Schema<"Connection">;

const lines = (text: string) => text.split("\n").map((l) => l.trim()).filter(Boolean);
const json = (v: unknown) => (v && Object.keys(v).length ? JSON.stringify(v, null, 2) : "");
const zones = Intl.supportedValuesOf("timeZone");

/** Settings are what can be changed of a connection without new credentials. */
export default function Settings({ of: c }: { of: Of }) {
  const may = useMay()("connect");
  const asks = useQuery(system(c.system)).data?.auth.find((a) => a.method === c.auth_method)?.fields ?? [];
  const labels = new Map(asks.map((f) => [f.name, f.label]));
  return (
    <div className="space-y-5">
      {Object.keys(c.fields).length ? (
        <Panel title="What it logs in to">
          <Facts of={[["Logs in by", methods[c.auth_method] ?? words(c.auth_method)], ...Object.entries(c.fields).map(([name, value]): [string, string] => [labels.get(name) ?? words(name), String(value)])]} />
        </Panel>
      ) : null}
      <Form key={c.updated_at} of={c} disabled={!may || c.status === "disconnected"} />
    </div>
  );
}

function Form({ of: c, disabled }: { of: Of; disabled: boolean }) {
  const first = { name: c.name, time_zone: c.time_zone, tags: c.tags.join("\n"), blackouts: c.blackouts.join("\n"), metadata: json(c.metadata), write_rules: json(c.write_rules) };
  const [typed, setTyped] = useState(first);
  const [bad, setBad] = useState<{ metadata?: string; write_rules?: string }>({});
  const save = useAct(
    (body: Schema<"ChangeConnection">) => data(api.PATCH("/v1/connections/{id}", { params: { path: { id: c.id } }, body })),
    ["connections"], ["syncs", c.id], ["capabilities", c.id],
  );
  const problem = save.error instanceof ApiError ? save.error.problem : undefined;
  const fault = (field: keyof typeof first) => bad[field as "metadata"] ?? problem?.errors?.filter((e) => e.pointer === `/${field}` || e.pointer?.startsWith(`/${field}/`)).map((e) => e.detail).join(" ");
  const changed = Object.keys(first).filter((k) => typed[k as "name"] !== first[k as "name"]);
  const set = (field: keyof typeof first) => (e: { target: { value: string } }) => setTyped({ ...typed, [field]: e.target.value });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const wrong: typeof bad = {};
    const body: Record<string, unknown> = {};
    for (const field of changed) {
      const text = typed[field as "name"];
      if (field === "tags" || field === "blackouts") body[field] = lines(text);
      else if (field === "metadata" || field === "write_rules") {
        try {
          body[field] = text.trim() ? JSON.parse(text) : {};
        } catch (e) {
          wrong[field] = `This is not JSON: ${(e as Error).message}`;
        }
      } else body[field] = text;
    }
    setBad(wrong);
    if (!Object.keys(wrong).length) save.mutate(body);
  };
  return (
    <Panel title="Settings">
      <form onSubmit={submit} className="space-y-5">
        <fieldset disabled={disabled} className="grid gap-x-6 gap-y-5 md:grid-cols-2">
          <TextField label="Name" required maxLength={200} value={typed.name} onChange={set("name")} error={fault("name")} />
          <TextField label="Time zone" list="zones" value={typed.time_zone} onChange={set("time_zone")} error={fault("time_zone")} help="Of the system's times that carry none, and of the blackouts." />
          <datalist id="zones">{zones.map((z) => <option key={z} value={z} />)}</datalist>
          <Area label="Tags" rows={4} value={typed.tags} onChange={set("tags")} error={fault("tags")} help="One a line. Lists can be filtered by them." />
          <Area label="Blackouts" rows={4} value={typed.blackouts} onChange={set("blackouts")} error={fault("blackouts")} placeholder={"Mon-Fri 07:00-09:30\ndaily 22:00-02:00"} help="Times of the week, one a line, at which no sync calls the system. What falls due waits until the end." />
          <Area label="Metadata" mono rows={8} value={typed.metadata} onChange={set("metadata")} error={fault("metadata")} placeholder={'{ "customer": "4711" }'} help="An object of your own, as JSON. Flows and lists can use it." />
          <Area label="Rules for writes" mono rows={8} value={typed.write_rules} onChange={set("write_rules")} error={fault("write_rules")} placeholder={'{ "purchase-orders": { "forbidden": ["delete"], "read_only": ["vendor"] } }'} help="By entity, as JSON: forbidden (create, update, delete), read_only, required, values. They forbid what the system would take." />
        </fieldset>
        {problem?.errors?.length ? null : <Failure error={save.error} />}
        {disabled ? null : (
          <div className="flex items-center gap-3">
            <Button type="submit" look="main" busy={save.isPending} disabled={!changed.length}>Save</Button>
            {changed.length ? <Button onClick={() => (setTyped(first), setBad({}), save.reset())}>Undo</Button> : null}
          </div>
        )}
      </form>
    </Panel>
  );
}

function Area({ label, help, error, mono, ...rest }: { label: string; help: string; error?: string; mono?: boolean } & React.ComponentProps<"textarea">) {
  return (
    <Field label={label} help={help} error={error || undefined}>
      {(ids) => <textarea {...ids} {...rest} spellCheck={false} className={`${input} py-2 ${mono ? "font-mono text-xs" : ""}`} />}
    </Field>
  );
}
