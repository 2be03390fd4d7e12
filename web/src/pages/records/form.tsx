import { Plus, X } from "lucide-react";
import { useId } from "react";
import type { Schema } from "@/api/client";
import { words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Field, input } from "@/ui/field";
import { FromRecords, RefPicker } from "./refs";

type FieldOf = Schema<"FieldCapability">;

/** Draft is a record as a form holds it: what the API takes, by field. */
export type Draft = Record<string, unknown>;

interface Props {
  connection: string;
  fields: FieldOf[]; // all of the entity
  required: string[];
  op: "create" | "update";
  draft: Draft;
  change: (draft: Draft) => void;
  errors: Map<string, string>; // by JSON pointer
}

/** Form is made of what the system allows: an input for every field that may be written, of the field's kind. */
export function Form({ connection, fields, required, op, draft, change, errors }: Props) {
  const open = fields.filter((f) => f.writable && f.writable_on?.includes(op));
  const top = open.filter((f) => !f.name.includes("."));
  return (
    <div className="grid grid-cols-1 gap-x-5 gap-y-4 sm:grid-cols-2 xl:grid-cols-3">
      {top.map((f) => {
        const inner = open.filter((o) => o.name.startsWith(`${f.name}.`)).map((o) => ({ ...o, name: o.name.slice(f.name.length + 1) }));
        const set = (v: unknown) => change({ ...draft, [f.name]: v });
        if (f.kind === "list" && inner.length) {
          return (
            <List key={f.name} connection={connection} name={f.name} inner={inner} required={required.filter((r) => r.startsWith(`${f.name}.`)).map((r) => r.slice(f.name.length + 1))} rows={(draft[f.name] as Draft[] | undefined) ?? []} set={set} errors={errors} />
          );
        }
        return <One key={f.name} connection={connection} of={f} required={required.includes(f.name)} value={draft[f.name]} set={set} error={errors.get(`/${f.name}`)} />;
      })}
    </div>
  );
}

function List({ connection, name, inner, required, rows, set, errors }: { connection: string; name: string; inner: FieldOf[]; required: string[]; rows: Draft[]; set: (rows: Draft[]) => void; errors: Map<string, string> }) {
  const id = useId();
  const fault = errors.get(`/${name}`);
  return (
    <fieldset className="min-w-0 space-y-3 sm:col-span-full" aria-describedby={fault ? id : undefined}>
      <legend className="text-sm font-semibold">{words(name)}</legend>
      {fault ? <p id={id} className="text-sm font-medium text-bad">{fault}</p> : null}
      {rows.map((row, i) => (
        <div key={(row.id as string) ?? i} className="relative rounded-lg border border-line bg-page p-4 pr-12">
          <div className="grid grid-cols-1 gap-x-4 gap-y-3 sm:grid-cols-2 lg:grid-cols-4">
            {inner.map((f) => (
              <One key={f.name} connection={connection} of={f} required={required.includes(f.name)} value={row[f.name]} error={errors.get(`/${name}/${i}/${f.name}`)} set={(v) => set(rows.map((r, j) => (j === i ? { ...r, [f.name]: v } : r)))} />
            ))}
          </div>
          <Button look="quiet" size="small" className="absolute top-2 right-2 text-muted" aria-label={`Take out entry ${i + 1}`} onClick={() => set(rows.filter((_, j) => j !== i))}>
            <X size={15} aria-hidden />
          </Button>
        </div>
      ))}
      <Button size="small" onClick={() => set([...rows, {}])}>
        <Plus size={14} aria-hidden />
        Add one
      </Button>
    </fieldset>
  );
}

function One({ connection, of: f, required, value, set, error }: { connection: string; of: FieldOf; required: boolean; value: unknown; set: (v: unknown) => void; error?: string }) {
  const label = words(f.name.replace(/_id$/, ""));
  const allowed = f.values?.length ? f.values : f.allowed?.find((a) => a.values?.length)?.values;
  const listed = f.allowed?.find((a) => a.entity);
  const text = value === null || value === undefined ? "" : typeof value === "object" ? "" : String(value);
  const typed = (v: string) => set(v === "" ? null : v);
  const member = (key: string) => ((value as Record<string, unknown> | null)?.[key] as string | undefined) ?? "";
  const setMember = (key: string, v: string) => set(v === "" && key !== "unit" && key !== "currency" ? null : { ...(value as object | null), [key]: v === "" ? undefined : v });
  return (
    <Field label={label} optional={!required} error={error} help={f.kind === "ref" && !f.refers_to ? "The id here, or the system's own as remote:…" : undefined}>
      {(ids) => {
        if (allowed) {
          return (
            <select {...ids} className={`${input} pr-8`} value={text} onChange={(e) => typed(e.target.value)}>
              <option value=""> </option>
              {allowed.map((v) => (
                <option key={v} value={v}>{v}</option>
              ))}
            </select>
          );
        }
        if (listed?.entity && listed.field) return <FromRecords ids={ids} connection={connection} entity={listed.entity} field={listed.field} value={text} set={typed} />;
        switch (f.kind) {
          case "boolean":
            return (
              <select {...ids} className={`${input} pr-8`} value={text} onChange={(e) => set(e.target.value === "" ? null : e.target.value === "true")}>
                <option value=""> </option>
                <option value="true">yes</option>
                <option value="false">no</option>
              </select>
            );
          case "text":
            return <textarea {...ids} rows={3} className={`${input} py-2`} value={text} onChange={(e) => typed(e.target.value)} />;
          case "date":
            return <input {...ids} type="date" className={input} value={text} onChange={(e) => typed(e.target.value)} />;
          case "integer":
            return <input {...ids} inputMode="numeric" className={input} value={text} onChange={(e) => set(/^-?\d+$/.test(e.target.value) ? Number(e.target.value) : e.target.value || null)} />;
          case "ref": {
            if (f.refers_to) return <RefPicker ids={ids} label={label} connection={connection} entity={f.refers_to} value={value} set={set} />;
            const remote = (value as { remote_id?: string } | null)?.remote_id;
            return <input {...ids} className={`${input} font-mono`} value={typeof remote === "string" ? `remote:${remote}` : text} onChange={(e) => set(e.target.value.startsWith("remote:") ? { remote_id: e.target.value.slice(7) } : e.target.value || null)} />;
          }
          case "money":
            return <Pair ids={ids} left={member("amount")} right={member("currency")} leftName="Amount" rightName="Currency" set={(k, v) => setMember(k === "left" ? "amount" : "currency", v)} />;
          case "quantity":
            return <Pair ids={ids} left={member("value")} right={member("unit")} leftName="Value" rightName="Unit" set={(k, v) => setMember(k === "left" ? "value" : "unit", v)} />;
          case "address":
          case "list":
          case "map":
            return <JsonInput ids={ids} value={value} set={set} />;
        }
        return <input {...ids} className={input} value={text} placeholder={f.kind === "instant" ? "2026-11-30T06:00:00Z" : undefined} inputMode={f.kind === "decimal" ? "decimal" : undefined} onChange={(e) => typed(e.target.value)} />;
      }}
    </Field>
  );
}

function Pair({ ids, left, right, leftName, rightName, set }: { ids: object; left: string; right: string; leftName: string; rightName: string; set: (which: "left" | "right", v: string) => void }) {
  return (
    <div className="flex gap-2">
      <input {...ids} inputMode="decimal" placeholder={leftName} className={cx(input, "min-w-0 flex-1")} value={left} onChange={(e) => set("left", e.target.value)} />
      <input aria-label={rightName} placeholder={rightName} className={cx(input, "w-20 shrink-0")} value={right} onChange={(e) => set("right", e.target.value)} />
    </div>
  );
}

function JsonInput({ ids, value, set }: { ids: object; value: unknown; set: (v: unknown) => void }) {
  const text = typeof value === "string" ? value : value === null || value === undefined ? "" : JSON.stringify(value, null, 1);
  return (
    <textarea
      {...ids}
      rows={4}
      spellCheck={false}
      placeholder="JSON"
      className={`${input} py-2 font-mono text-xs`}
      defaultValue={text}
      onChange={(e) => {
        try {
          set(e.target.value.trim() ? JSON.parse(e.target.value) : null);
        } catch {
          set(e.target.value); // the API says what is wrong with it
        }
      }}
    />
  );
}
