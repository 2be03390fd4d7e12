import { useState } from "react";
import { parse, stringify } from "yaml";
import { words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Field, input } from "@/ui/field";
import { type Form, formOf } from "./schema";

interface Props {
  form: Form;
  value: unknown;
  set: (v: unknown) => void; // undefined takes the member out
  name: string;
  label?: string;
  required?: boolean;
  skip?: string[]; // members that are shown elsewhere
}

type Members = Record<string, unknown>;

/** SchemaForm is an input for a member of a document, after its form in the schema. */
export function SchemaForm(p: Props) {
  const { value, set, name, label = words(p.name), required } = p;
  const f = formOf(p.form);
  const types = Array.isArray(f.type) ? f.type : [f.type];
  const optional = !required;
  if (f.properties) return <ObjectForm {...p} form={f} label={label} />;
  if (typeof f.additionalProperties === "object") return <MapForm name={name} label={label} inner={f.additionalProperties} value={(value ?? {}) as Members} set={(v) => set(Object.keys(v).length || required ? v : undefined)} />;
  if (f.enum) {
    return (
      <Field label={label} optional={optional}>
        {(ids) => (
          <select {...ids} className={`${input} pr-8`} value={typeof value === "string" ? value : ""} onChange={(e) => set(e.target.value || undefined)}>
            {optional || !value ? <option value=""> </option> : null}
            {f.enum!.map((v) => <option key={v} value={v}>{v}</option>)}
          </select>
        )}
      </Field>
    );
  }
  if (types.includes("boolean") && types.length === 1) {
    return (
      <label className="flex items-center gap-2 text-sm font-semibold">
        <input type="checkbox" className="size-4" checked={value === true} onChange={(e) => set(e.target.checked || undefined)} />
        {label}
      </label>
    );
  }
  if (types.includes("array")) return <ListForm label={label} items={formOf(f.items ?? {})} value={Array.isArray(value) ? (value as unknown[]) : []} set={(v) => set(v.length ? v : undefined)} />;
  if (types.includes("integer")) {
    return (
      <Field label={label} optional={optional}>
        {(ids) => <input {...ids} inputMode="numeric" className={input} value={value === undefined ? "" : String(value)} onChange={(e) => set(e.target.value === "" ? undefined : /^\d+$/.test(e.target.value) ? Number(e.target.value) : e.target.value)} />}
      </Field>
    );
  }
  const many = (value !== null && typeof value === "object") || (!f.type && ["data", "transform", "body", "input", "default", "parameters"].includes(name));
  if (many) return <Structured label={label} optional={optional} help={f.description} value={value} set={set} />;
  const help = [f.description, f.examples?.length ? `For example ${f.examples[0]}` : ""].filter(Boolean).join(" ");
  return <Field label={label} optional={optional} help={help}>{(ids) => <input {...ids} spellCheck={false} className={`${input} ${f.description ? "font-mono text-xs" : ""}`} value={value === undefined || value === null ? "" : String(value)} onChange={(e) => set(e.target.value === "" && optional ? undefined : e.target.value)} />}</Field>;
}

/** ObjectForm edits the members of an object; of those that exclude each other, one is chosen. */
function ObjectForm({ form: f, value, set, name, label, required, skip = [] }: Props) {
  const o = (value ?? {}) as Members;
  const ways = f.oneOf?.map((w) => w.required[0]!) ?? [];
  const way = ways.find((w) => w in o) ?? "";
  const shown = Object.entries(f.properties!)
    .filter(([key]) => !skip.includes(key) && (!ways.includes(key) || key === way))
    .sort(([a], [b]) => Number(f.required?.includes(b) ?? 0) - Number(f.required?.includes(a) ?? 0));
  const give = (next: Members) => set(Object.keys(next).length || required || !name ? next : undefined);
  const take = (chosen: string) => {
    const rest = Object.fromEntries(Object.entries(o).filter(([key]) => !ways.includes(key)));
    const inner = chosen ? formOf(f.properties![chosen]!) : {};
    give(chosen ? { ...rest, [chosen]: inner.properties ? Object.fromEntries((inner.required ?? []).map((r) => [r, formOf(inner.properties![r]!).enum?.[0] ?? ""])) : "" } : rest);
  };
  return (
    <fieldset className={name ? "min-w-0 space-y-3 rounded-lg border border-line p-3" : "min-w-0 space-y-3"}>
      {name ? <legend className="px-1 text-sm font-semibold">{label}</legend> : null}
      {ways.length ? (
        <Field label="By which">
          {(ids) => (
            <select {...ids} className={`${input} pr-8`} value={way} onChange={(e) => take(e.target.value)}>
              <option value="">{name ? " " : "By hand, or by a program"}</option>
              {ways.map((w) => <option key={w} value={w}>{words(w)}</option>)}
            </select>
          )}
        </Field>
      ) : null}
      {shown.map(([key, inner]) => (
        <SchemaForm
          key={key}
          name={key}
          form={inner}
          value={o[key]}
          required={f.required?.includes(key) || key === way}
          set={(v) => {
            const next = { ...o, [key]: v };
            if (v === undefined) delete next[key];
            give(next);
          }}
        />
      ))}
    </fieldset>
  );
}

/** MapForm edits members that have names of their own. */
function MapForm({ name, label, inner, value, set }: { name: string; label: string; inner: Form; value: Members; set: (v: Members) => void }) {
  const f = formOf(inner);
  const rename = (from: string, to: string) => to && to !== from && !(to in value) && set(Object.fromEntries(Object.entries(value).map(([k, v]) => [k === from ? to : k, v])));
  const fresh = () => {
    let key = "name";
    for (let n = 2; key in value; n++) key = `name_${n}`;
    set({ ...value, [key]: f.properties ? Object.fromEntries((f.required ?? []).map((r) => [r, formOf(f.properties![r]!).enum?.[0] ?? ""])) : "" });
  };
  return (
    <fieldset className="min-w-0 space-y-3 rounded-lg border border-line p-3">
      <legend className="px-1 text-sm font-semibold">{label}</legend>
      {Object.entries(value).map(([key, v], i) => (
        <div key={i} className={f.properties ? "space-y-3 border-b border-line pb-3" : "flex flex-wrap items-end gap-2"}>
          <Field label="Name" className="min-w-28 flex-1">{(ids) => <input {...ids} key={key} defaultValue={key} spellCheck={false} className={`${input} font-mono text-xs`} onBlur={(e) => rename(key, e.target.value.trim())} />}</Field>
          <div className="min-w-32 flex-[2]"><SchemaForm name={f.properties ? "" : name} label="Value" form={inner} value={v ?? undefined} required set={(next) => set({ ...value, [key]: next ?? "" })} /></div>
          <Button size="small" aria-label={`Take out ${key}`} onClick={() => set(Object.fromEntries(Object.entries(value).filter(([k]) => k !== key)))}>Take out</Button>
        </div>
      ))}
      <Button size="small" onClick={fresh}>Add one</Button>
    </fieldset>
  );
}

function ListForm({ label, items, value, set }: { label: string; items: Form; value: unknown[]; set: (v: unknown[]) => void }) {
  if (!items.enum) {
    const numbers = items.type === "integer";
    return (
      <Field label={label} optional help="Separated by commas.">
        {(ids) => <input {...ids} key={value.join()} className={input} defaultValue={value.join(", ")} onBlur={(e) => set(e.target.value.split(",").map((t) => t.trim()).filter(Boolean).map((t) => (numbers && /^\d+$/.test(t) ? Number(t) : t)))} />}
      </Field>
    );
  }
  return (
    <fieldset className="flex flex-wrap gap-x-4 gap-y-1">
      <legend className="text-sm font-semibold">{label} <span className="font-normal text-muted">(none means all)</span></legend>
      {items.enum.map((v) => (
        <label key={v} className="flex min-h-8 items-center gap-2 text-sm">
          <input type="checkbox" className="size-4" checked={value.includes(v)} onChange={(e) => set(items.enum!.filter((x) => (x === v ? e.target.checked : value.includes(x))))} />
          {v}
        </label>
      ))}
    </fieldset>
  );
}

const shownAs = (v: unknown) => (v === undefined ? "" : stringify(v, { lineWidth: 0 }).trimEnd());

/** Structured edits a value with members, as YAML. What cannot be read yet is kept while it is typed, and not taken over. */
function Structured({ label, optional, help, value, set }: { label: string; optional: boolean; help?: string; value: unknown; set: (v: unknown) => void }) {
  const [text, setText] = useState(shownAs(value));
  const [given, setGiven] = useState(JSON.stringify(value));
  const [wrong, setWrong] = useState("");
  const now = JSON.stringify(value);
  if (now !== given) {
    setGiven(now);
    setText(shownAs(value));
    setWrong("");
  }
  const change = (t: string) => {
    setText(t);
    try {
      const v = t.trim() ? (parse(t) as unknown) : undefined;
      setGiven(JSON.stringify(v));
      setWrong("");
      set(v);
    } catch (e) {
      setWrong(String((e as Error).message).split("\n")[0]!);
    }
  };
  return (
    <Field label={label} optional={optional} help={help} error={wrong}>
      {(ids) => <textarea {...ids} rows={Math.min(16, Math.max(3, text.split("\n").length + 1))} spellCheck={false} className={`${input} py-2 font-mono text-xs`} value={text} onChange={(e) => change(e.target.value)} />}
    </Field>
  );
}
