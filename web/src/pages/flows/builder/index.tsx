import { useQuery } from "@tanstack/react-query";
import { FlaskConical } from "lucide-react";
import { useDeferredValue, useMemo, useState } from "react";
import { type Document, parseDocument } from "yaml";
import { useAct } from "@/api/acts";
import { api, data, type Schema } from "@/api/client";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Field, input, SelectField } from "@/ui/field";
import { useConnections } from "@/ui/chooser";
import { Panel } from "@/ui/panel";
import { Failure, Notice } from "@/ui/say";
import { cx } from "@/ui/cx";
import { Canvas } from "./canvas";
import { SchemaForm } from "./form";
import { document as whole, kindOf, step as stepForm } from "./schema";
import { Trace } from "./trace";
import { idsOf, newStep, type Path, type Step } from "./tree";

interface Read {
  flow?: string;
  trigger?: unknown;
  steps?: Step[];
  connections?: Record<string, { title?: string; system?: string } | null>;
  parameters?: Record<string, { type?: string; title?: string; required?: boolean; default?: unknown }>;
}

interface Props {
  /** The flow as it is applied; undefined: it is new. */
  of?: Schema<"FlowDetail">;
  begin?: string;
  saved: (name: string) => void;
}

/** Builder edits a flow's document, as a drawing with a form for each step, and as text: both are the same document. */
export default function Builder({ of: f, begin, saved }: Props) {
  const [text, setText] = useState(f?.document ?? begin ?? "");
  const [at, choose] = useState<Path>([]);
  const [roles, setRoles] = useState<Record<string, string>>(f?.connections ?? {});
  const [values, setValues] = useState<Record<string, unknown>>(f?.parameters ?? {});
  const { doc, read } = useMemo(() => parsed(text), [text]);
  const later = useDeferredValue(text);
  const check = useQuery({
    queryKey: ["check-flow", later, roles],
    queryFn: ({ signal }) => data(api.POST("/v1/flows/check", { body: { document: later, format: "yaml", connections: Object.fromEntries(Object.entries(roles).filter(([, id]) => id)) }, signal })),
    enabled: Boolean(later.trim()),
    placeholderData: (before) => before,
    staleTime: Infinity,
  });
  const name = f?.name ?? read.flow ?? "";
  const save = useAct(() => data(api.PUT("/v1/flows/{name}", { params: { path: { name } }, body: { document: text, connections: roles, parameters: values } as never })), ["flows"]);
  const test = useAct(() => data(api.POST("/v1/flows/{name}/test", { params: { path: { name } }, body: { document: text, connections: roles, parameters: values } as never })));
  const problems = check.data?.problems ?? [];
  const wrong = new Set(problems.map((p) => p.path));
  const change = (edit: (d: Document) => void) => {
    const d = doc.clone();
    edit(d);
    setText(d.toString({ lineWidth: 0 }));
  };
  const chosen = at.length ? (doc.getIn(at) as { toJSON?: () => unknown } | undefined) : undefined;
  const value = (chosen && typeof chosen === "object" && chosen.toJSON ? chosen.toJSON() : chosen) as Step | undefined;
  const add = (path: Path, i: number, kind: string) => {
    const s = newStep(kind, idsOf(read.steps));
    change((d) => {
      if (!d.hasIn(path)) d.setIn(path, d.createNode([]));
      d.addIn(path, d.createNode(s));
    });
    choose([...path, i]);
  };
  const move = (by: -1 | 1) => {
    const i = at.at(-1) as number;
    const list = at.slice(0, -1);
    change((d) => {
      const node = d.getIn(at, true);
      d.deleteIn(at);
      (d.getIn(list, true) as { items: unknown[] }).items.splice(i + by, 0, node);
    });
    choose([...list, i + by]);
  };
  const changed = text !== f?.document || JSON.stringify(roles) !== JSON.stringify(f?.connections ?? {}) || JSON.stringify(values) !== JSON.stringify(f?.parameters ?? {});
  const siblings = at.length > 1 && typeof at.at(-1) === "number" ? ((doc.getIn(at.slice(0, -1), true) as { items?: unknown[] } | undefined)?.items?.length ?? 0) : 0;
  const place = at.at(-1) as number;
  return (
    <div className="space-y-5">
      <div className="flex flex-wrap items-center gap-3">
        {problems.length ? <Badge tone="bad">{problems.length} {problems.length === 1 ? "problem" : "problems"}</Badge> : <Badge tone={check.isFetching ? "busy" : "good"}>{check.isFetching ? "Checking" : "Nothing is wrong with it"}</Badge>}
        <span className="ml-auto flex flex-wrap gap-2">
          <Button busy={test.isPending} disabled={!name || problems.length > 0} onClick={() => test.mutate(undefined)}>
            <FlaskConical size={15} aria-hidden />
            Test run
          </Button>
          <Button look="main" busy={save.isPending} disabled={!name || !changed || problems.length > 0} onClick={() => save.mutate(undefined, { onSuccess: (a) => saved(a.name) })}>
            {f ? `Apply as version ${f.version + 1}` : "Apply"}
          </Button>
        </span>
      </div>
      <Failure error={save.error ?? test.error ?? check.error} />
      {save.data?.webhook ? <Notice tone="warn" title="The address of its webhook, shown once"><p><code className="font-mono text-xs break-all select-all">{location.origin + save.data.webhook.path}</code></p>{save.data.webhook.secret ? <p>Signed with <code className="font-mono text-xs select-all">{save.data.webhook.secret}</code></p> : null}</Notice> : null}
      <Settings read={read} roles={roles} setRoles={setRoles} values={values} setValues={setValues} secrets={f?.secrets ?? []} />
      <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1.3fr)_minmax(22rem,1fr)]">
        <Panel flush title="Steps">
          <div className="h-[40rem]"><Canvas doc={read} chosen={at.join(".")} wrong={wrong} choose={(p) => choose(p.path)} add={add} /></div>
        </Panel>
        <div className="space-y-5">
          {at[0] === "trigger" ? (
            <Panel title="Begins">
              <SchemaForm key="trigger" name="" form={whole.properties!.trigger!} value={value ?? {}} set={(v) => change((d) => (v && Object.keys(v as object).length ? d.setIn(["trigger"], d.createNode(v)) : d.deleteIn(["trigger"])))} />
            </Panel>
          ) : value ? (
            <Panel
              title={`${kindOf(value)}: ${value.id ?? ""}`}
              actions={
                <>
                  <Button size="small" disabled={place === 0} onClick={() => move(-1)}>Up</Button>
                  <Button size="small" disabled={place >= siblings - 1} onClick={() => move(1)}>Down</Button>
                  <Button size="small" look="danger" onClick={() => { change((d) => d.deleteIn(at)); choose([]); }}>Take out</Button>
                </>
              }
            >
              <StepForm key={at.join(".")} value={value} problems={problems.filter((p) => p.path.startsWith(at.join(".")))} set={(path, v) => change((d) => (v === undefined ? d.deleteIn([...at, ...path]) : d.setIn([...at, ...path], d.createNode(v))))} />
            </Panel>
          ) : (
            <Notice tone="quiet" title="Choose a step">Its form opens here. What you change in a form stands in the text below at once, and the other way round.</Notice>
          )}
          <Text text={text} set={setText} problems={problems} />
        </div>
      </div>
      {test.data ? <Trace of={test.data} /> : null}
    </div>
  );
}

function parsed(text: string): { doc: Document; read: Read } {
  const doc = parseDocument(text);
  const v = doc.errors.length ? null : (doc.toJS() as unknown);
  return { doc, read: v && typeof v === "object" && !Array.isArray(v) ? (v as Read) : {} };
}

/** StepForm edits a step member by member, so that comments and the order of the rest of the document stay. */
function StepForm({ value, set, problems }: { value: Step; set: (path: Path, v: unknown) => void; problems: Schema<"FlowProblem">[] }) {
  const kind = kindOf(value);
  const form = stepForm.properties!;
  const member = (name: string, required = false) => <SchemaForm key={name} name={name} form={form[name]!} value={value[name]} required={required} set={(v) => set([name], v)} />;
  return (
    <div className="space-y-4">
      {problems.length ? <ul className="space-y-1 text-sm text-bad">{problems.map((p, i) => <li key={i}>{p.message} {p.mend}</li>)}</ul> : null}
      {member("id", true)}
      {kind === "branch" && Array.isArray(value.branch) ? (
        <Arms of={value.branch as { if?: unknown; else?: boolean; steps: unknown[] }[]} set={(v) => set(["branch"], v)} />
      ) : kind === "step" ? null : (
        <Members of={value[kind]} form={form[kind]!} kind={kind} set={(path, v) => set([kind, ...path], v)} />
      )}
      {["if", "on_error", "retry"].map((n) => member(n))}
    </div>
  );
}

/** Members edits those of the form of a step's kind. */
function Members({ of, form, kind, set }: { of: unknown; form: object; kind: string; set: (path: Path, v: unknown) => void }) {
  const simple = typeof of !== "object" || of === null || kind === "transform";
  if (simple) return <SchemaForm name={kind} form={form} value={of} required set={(v) => set([], v)} />;
  return (
    <SchemaForm
      name=""
      form={form}
      value={of}
      required
      skip={["steps"]}
      set={(v) => {
        const next = v as Record<string, unknown>;
        const before = of as Record<string, unknown>;
        for (const key of new Set([...Object.keys(before), ...Object.keys(next)])) {
          if (JSON.stringify(before[key]) !== JSON.stringify(next[key])) set([key], next[key]);
        }
      }}
    />
  );
}

function Arms({ of, set }: { of: { if?: unknown; else?: boolean; steps: unknown[] }[]; set: (v: unknown) => void }) {
  return (
    <fieldset className="space-y-3">
      <legend className="text-sm font-semibold">Ways, the first whose condition holds</legend>
      {of.map((arm, i) => (
        <div key={i} className="flex items-end gap-2">
          <Field label={arm.else ? `Way ${i + 1}: else` : `Way ${i + 1}: if`} className="flex-1">
            {(ids) => <input {...ids} disabled={arm.else} spellCheck={false} className={cx(input, "font-mono text-xs")} value={arm.else ? "" : String(arm.if ?? "")} onChange={(e) => set(of.map((a, j) => (j === i ? { ...a, if: e.target.value } : a)))} />}
          </Field>
          <Button size="small" onClick={() => set(of.filter((_, j) => j !== i))}>Take out</Button>
        </div>
      ))}
      <Button size="small" onClick={() => set([...of, { if: "true", steps: [] }])}>Another way</Button>
    </fieldset>
  );
}

/** Text is the document as it is written, with what is wrong by its line. */
function Text({ text, set, problems }: { text: string; set: (t: string) => void; problems: Schema<"FlowProblem">[] }) {
  return (
    <Panel flush title="As text">
      <textarea aria-label="The document as YAML" spellCheck={false} rows={Math.min(30, Math.max(12, text.split("\n").length + 1))} className="block w-full resize-y bg-surface px-4 py-3 font-mono text-xs leading-relaxed outline-offset-[-3px]" value={text} onChange={(e) => set(e.target.value)} />
      {problems.length ? (
        <ul className="space-y-1 border-t border-line px-4 py-3 text-sm">
          {problems.map((p, i) => (
            <li key={i}><span className="font-mono text-xs text-muted">{p.line}:{p.column}</span> <span className="text-bad">{p.message}</span> {p.mend}</li>
          ))}
        </ul>
      ) : null}
    </Panel>
  );
}

interface SettingsProps {
  read: Read;
  roles: Record<string, string>;
  setRoles: (r: Record<string, string>) => void;
  values: Record<string, unknown>;
  setValues: (v: Record<string, unknown>) => void;
  secrets: string[];
}

/** Settings says which connection each role is, and what the parameters are. */
function Settings({ read, roles, setRoles, values, setValues, secrets }: SettingsProps) {
  const { list } = useConnections();
  const wanted = Object.entries(read.connections ?? {});
  const parameters = Object.entries(read.parameters ?? {});
  if (!wanted.length && !parameters.length) return null;
  return (
    <Panel title="Connections and parameters">
      <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-4">
        {wanted.map(([role, r]) => (
          <SelectField key={role} label={r?.title ?? role} value={roles[role] ?? ""} onChange={(e) => setRoles({ ...roles, [role]: e.target.value })}>
            <option value="">Choose…</option>
            {list.filter((c) => !r?.system || c.system === r.system).map((c) => (
              <option key={c.id} value={c.id}>{c.name}</option>
            ))}
          </SelectField>
        ))}
        {parameters.map(([name, p]) => (
          <Parameter key={name} name={name} of={p} value={values[name]} isSet={secrets.includes(name)} set={(v) => setValues({ ...values, [name]: v })} />
        ))}
      </div>
    </Panel>
  );
}

function Parameter({ name, of: p, value, isSet, set }: { name: string; of: { type?: string; title?: string; required?: boolean; default?: unknown }; value: unknown; isSet: boolean; set: (v: unknown) => void }) {
  const secret = p.type === "secret";
  const shown = value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  const typed = (t: string) => {
    if (t === "") return set(secret ? undefined : null);
    if (p.type === "number") return set(Number.isFinite(Number(t)) ? Number(t) : t);
    if (p.type === "list" || p.type === "object") {
      try {
        return set(JSON.parse(t));
      } catch {
        return set(t);
      }
    }
    set(t);
  };
  return (
    <Field label={p.title ?? name} optional={!p.required} help={secret && isSet ? "It is set. Type another to replace it." : p.default !== undefined ? `Else ${JSON.stringify(p.default)}` : undefined}>
      {(ids) =>
        p.type === "boolean" ? (
          <select {...ids} className={`${input} pr-8`} value={shown} onChange={(e) => set(e.target.value === "" ? null : e.target.value === "true")}>
            <option value=""> </option>
            <option value="true">yes</option>
            <option value="false">no</option>
          </select>
        ) : (
          <input {...ids} type={secret ? "password" : "text"} autoComplete="off" className={input} value={shown} onChange={(e) => typed(e.target.value)} />
        )
      }
    </Field>
  );
}
