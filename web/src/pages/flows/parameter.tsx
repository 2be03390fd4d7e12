import { useState } from "react";
import { Field, input } from "@/ui/field";

/** ParameterForm is a parameter as a document declares it. */
export interface ParameterForm {
  type?: string;
  title?: string;
  required?: boolean;
  default?: unknown;
}

interface Props {
  name: string;
  of: ParameterForm;
  value: unknown;
  /** Of a secret: one is stored. */
  isSet?: boolean;
  /** null unsets it; undefined: nothing is said of it. */
  set: (v: unknown) => void;
}

/** Parameter is the input of a parameter. */
export function Parameter({ name, of: p, value, isSet = false, set }: Props) {
  const secret = p.type === "secret";
  const many = p.type === "list" || p.type === "object";
  const shown = value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  const [typed, type] = useState(shown);
  const [wrong, setWrong] = useState("");
  const change = (t: string) => {
    type(t);
    setWrong("");
    if (t === "") return set(secret ? undefined : null);
    if (p.type === "number") return set(t.trim() !== "" && Number.isFinite(Number(t)) ? Number(t) : t);
    if (!many) return set(t);
    try {
      set(JSON.parse(t));
    } catch {
      setWrong(p.type === "list" ? 'Write a list as JSON, such as ["a", "b"].' : 'Write an object as JSON, such as {"pcs": "each"}.');
    }
  };
  const help = secret && isSet ? "It is set. Type another to replace it." : p.default !== undefined ? `If empty: ${JSON.stringify(p.default)}` : undefined;
  return (
    <Field label={p.title ?? name} optional={!p.required} help={help} error={wrong}>
      {(ids) =>
        p.type === "boolean" ? (
          <select {...ids} className={`${input} pr-8`} value={shown} onChange={(e) => set(e.target.value === "" ? null : e.target.value === "true")}>
            <option value="">{p.default === undefined ? " " : "As it is by default"}</option>
            <option value="true">yes</option>
            <option value="false">no</option>
          </select>
        ) : (
          <input {...ids} type={secret ? "password" : "text"} inputMode={p.type === "number" ? "decimal" : undefined} autoComplete="off" spellCheck={false} className={`${input} ${many ? "font-mono text-xs" : ""}`} value={typed} onChange={(e) => change(e.target.value)} />
        )
      }
    </Field>
  );
}
