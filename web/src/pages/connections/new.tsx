import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useAct } from "@/api/acts";
import { ApiError, api, data, type Schema } from "@/api/client";
import { system, systems } from "@/api/queries";
import { words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Secret } from "@/ui/copy";
import { Field, input, SelectField, TextField } from "@/ui/field";
import { Markdown } from "@/ui/markdown";
import { Page, Panel } from "@/ui/panel";
import { Failure, Loading, Notice } from "@/ui/say";

const route = getRouteApi("/connections/new");

export default function NewConnection() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/connections/new" });
  const catalogue = useQuery(systems);
  const [name, setName] = useState("");
  const chosen = search.system ?? "";
  return (
    <Page crumbs={<Link to="/connections" className="hover:underline">Connections</Link>} title="New connection" lead="Enter the credentials yourself, or send your customer a link to do it.">
      {catalogue.error ? <Failure error={catalogue.error} /> : null}
      <Panel title="Which system">
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField label="System" value={chosen} onChange={(e) => void navigate({ search: { system: e.target.value || undefined }, replace: true })}>
            <option value="">Choose…</option>
            {catalogue.data?.data.map((s) => (
              <option key={s.system} value={s.system}>{s.name}</option>
            ))}
          </SelectField>
          <TextField label="Name" value={name} maxLength={200} onChange={(e) => setName(e.target.value)} help="By which you know it again: the customer and the plant." />
        </div>
      </Panel>
      {chosen ? <Ways key={chosen} system={chosen} name={name} /> : null}
    </Page>
  );
}

function Ways({ system: which, name }: { system: string; name: string }) {
  const read = useQuery(system(which));
  if (read.error) return <Failure error={read.error} />;
  if (!read.data) return <Loading />;
  return (
    <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1.4fr)_minmax(0,1fr)]">
      <div className="space-y-5">
        <ByForm of={read.data} name={name} />
        <ByLink of={read.data} name={name} />
      </div>
      <Panel title={`How to get the credentials of ${read.data.name}`}>
        <Markdown text={read.data.guide} />
      </Panel>
    </div>
  );
}

function ByForm({ of: s, name }: { of: Schema<"SystemDetail">; name: string }) {
  const [method, setMethod] = useState(s.auth[0]?.method ?? "");
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [entities, setEntities] = useState<string[]>(s.entities);
  const way = s.auth.find((a) => a.method === method);
  const credentials = () => Object.fromEntries((way?.fields ?? []).map((f) => [f.name, typed[f.name] ?? f.default ?? ""]).filter(([, v]) => v !== ""));
  const make = useAct(
    () => data(api.POST("/v1/connections", { body: { system: s.system, name: name || s.name, auth_method: method, credentials: credentials(), entities: entities.length === s.entities.length ? undefined : entities } as never })),
    ["connections"],
  );
  const faults = make.error instanceof ApiError ? (make.error.problem.errors ?? []) : [];
  const submit = (e: FormEvent) => {
    e.preventDefault();
    make.mutate(undefined);
  };
  if (make.data) {
    const c = make.data.connection;
    return (
      <Panel title={`${c.name} is connected`}>
        <div className="space-y-4">
          <p className="text-sm">Its records are being read now. Programs read and write with this token:</p>
          <Secret text={make.data.token.token} label="Copy the token" />
          <Notice tone="warn" title="Copy it now. It is not shown again." />
          <Link to="/connections/$id" params={{ id: c.id }} className="inline-block font-semibold text-ink hover:underline">See it sync</Link>
        </div>
      </Panel>
    );
  }
  return (
    <Panel title="Enter the credentials">
      <form onSubmit={submit} className="space-y-4">
        {s.auth.length > 1 ? (
          <SelectField label="Logs in by" value={method} onChange={(e) => setMethod(e.target.value)}>
            {s.auth.map((a) => (
              <option key={a.method} value={a.method}>{words(a.method)}</option>
            ))}
          </SelectField>
        ) : null}
        {way?.fields.map((f) => (
          <Credential key={f.name} of={f} value={typed[f.name] ?? f.default ?? ""} set={(v) => setTyped({ ...typed, [f.name]: v })} error={faults.find((e) => e.pointer === `/credentials/${f.name}`)?.detail} />
        ))}
        <fieldset className="text-sm">
          <legend className="mb-1.5 font-semibold">What to sync</legend>
          <div className="grid grid-cols-2 gap-2 md:grid-cols-3">
            {s.entities.map((e) => (
              <label key={e} className="flex items-center gap-2">
                <input type="checkbox" className="size-4" checked={entities.includes(e)} onChange={(on) => setEntities(on.target.checked ? [...entities, e] : entities.filter((x) => x !== e))} />
                {words(e)}
              </label>
            ))}
          </div>
        </fieldset>
        <Failure error={make.error} />
        <Button type="submit" look="main" busy={make.isPending} disabled={!entities.length}>{make.isPending ? "Trying to log in…" : "Connect"}</Button>
      </form>
    </Panel>
  );
}

function Credential({ of: f, value, set, error }: { of: Schema<"CredentialField">; value: string; set: (v: string) => void; error?: string }) {
  return (
    <Field label={f.label} optional={!f.required} error={error} help={[f.help, f.example ? `For example ${f.example}` : ""].filter(Boolean).join(" ")}>
      {(ids) =>
        f.options?.length ? (
          <select {...ids} className={`${input} pr-8`} value={value} onChange={(e) => set(e.target.value)} required={f.required}>
            {f.options.map((o) => (
              <option key={o.value} value={o.value}>{o.label}</option>
            ))}
          </select>
        ) : f.type === "multiline" ? (
          <textarea {...ids} rows={4} spellCheck={false} className={`${input} py-2 font-mono text-xs`} value={value} onChange={(e) => set(e.target.value)} required={f.required} />
        ) : (
          <input {...ids} type={f.secret ? "password" : f.type === "url" ? "url" : "text"} autoComplete={f.secret ? "new-password" : "off"} className={input} value={value} onChange={(e) => set(e.target.value)} required={f.required} />
        )
      }
    </Field>
  );
}

function ByLink({ of: s, name }: { of: Schema<"SystemDetail">; name: string }) {
  const make = useAct(() => data(api.POST("/v1/link-sessions", { body: { kind: "magic", system: s.system, name: name || undefined } as never })), ["connections"]);
  return (
    <Panel title="Or send a link">
      <div className="space-y-4 text-sm">
        <p>Whoever opens it enters the credentials on a page of this server, and you never see them. It works once.</p>
        {make.data ? <Secret text={make.data.url} label="Copy the link" /> : <Button busy={make.isPending} onClick={() => make.mutate(undefined)}>Make a link</Button>}
        <Failure error={make.error} />
      </div>
    </Panel>
  );
}
