import { words } from "@/ui/badge";
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

/** SchemaForm is an input for a member of a document, after its form in the schema. */
export function SchemaForm({ form, value, set, name, label = words(name), required, skip = [] }: Props) {
  const f = formOf(form);
  const types = Array.isArray(f.type) ? f.type : [f.type];
  if (f.properties) {
    const o = (value ?? {}) as Record<string, unknown>;
    return (
      <fieldset className={name ? "space-y-3 rounded-lg border border-line p-3" : "space-y-3"}>
        {name ? <legend className="px-1 text-sm font-semibold">{label}</legend> : null}
        {Object.entries(f.properties).filter(([key]) => !skip.includes(key)).sort(([a], [b]) => Number(f.required?.includes(b) ?? 0) - Number(f.required?.includes(a) ?? 0)).map(([key, inner]) => (
          <SchemaForm
            key={key}
            name={key}
            form={inner}
            value={o[key]}
            required={f.required?.includes(key)}
            set={(v) => {
              const next = { ...o, [key]: v };
              if (v === undefined) delete next[key];
              set(Object.keys(next).length || required || !name ? next : undefined);
            }}
          />
        ))}
      </fieldset>
    );
  }
  const optional = !required;
  if (f.enum) {
    return (
      <Field label={label} optional={optional}>
        {(ids) => (
          <select {...ids} className={`${input} pr-8`} value={typeof value === "string" ? value : ""} onChange={(e) => set(e.target.value || undefined)}>
            {optional ? <option value=""> </option> : null}
            {f.enum!.map((v) => (
              <option key={v} value={v}>{v}</option>
            ))}
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
  if (types.includes("integer")) {
    return (
      <Field label={label} optional={optional}>
        {(ids) => <input {...ids} inputMode="numeric" className={input} value={value === undefined ? "" : String(value)} onChange={(e) => set(e.target.value === "" ? undefined : /^\d+$/.test(e.target.value) ? Number(e.target.value) : e.target.value)} />}
      </Field>
    );
  }
  const many = types.includes("object") || types.includes("array") || (value !== null && typeof value === "object") || (!f.type && ["data", "transform", "body", "input", "default"].includes(name));
  if (many) return <Structured label={label} optional={optional} help={f.description} value={value} set={set} />;
  return (
    <Field label={label} optional={optional} help={[f.description, f.examples?.length ? `For example ${f.examples[0]}` : ""].filter(Boolean).join(" ")}>
      {(ids) => <input {...ids} spellCheck={false} className={`${input} ${f.description ? "font-mono text-xs" : ""}`} value={value === undefined || value === null ? "" : String(value)} onChange={(e) => set(e.target.value === "" && optional ? undefined : e.target.value)} />}
    </Field>
  );
}

/** Structured edits a value with members, as JSON; what is not JSON yet is kept while it is typed, and not taken over. */
function Structured({ label, optional, help, value, set }: { label: string; optional: boolean; help?: string; value: unknown; set: (v: unknown) => void }) {
  return (
    <Field label={label} optional={optional} help={help}>
      {(ids) => (
        <textarea
          {...ids}
          rows={6}
          spellCheck={false}
          className={`${input} py-2 font-mono text-xs aria-[invalid=true]:border-bad`}
          defaultValue={value === undefined ? "" : JSON.stringify(value, null, 2)}
          onChange={(e) => {
            if (!e.target.value.trim()) return set(undefined);
            try {
              set(JSON.parse(e.target.value));
              e.target.removeAttribute("aria-invalid");
            } catch {
              e.target.setAttribute("aria-invalid", "true");
            }
          }}
        />
      )}
    </Field>
  );
}
