import type { Schema } from "@/api/client";
import { words } from "@/ui/badge";
import type { Column } from "./source";

export type Op = "create" | "update" | "delete";

/** Target is what a column can fill: a field of the record, a part of one, or what an item has beside its data. */
export interface Target {
  /** Names with points; those of a list's elements begin with the list's name. */
  path: string;
  label: string;
  kind: string;
  required: boolean;
  values?: string[];
  /** The list in whose elements it stands. */
  list?: string;
}

const parts: Record<string, [name: string, kind: string][]> = {
  money: [["amount", "decimal"], ["currency", "string"]],
  quantity: [["value", "decimal"], ["unit", "string"]],
  address: [["name", "string"], ["lines", "words"], ["city", "string"], ["region", "string"], ["postal_code", "string"], ["country", "string"], ["phone", "string"], ["email", "string"]],
};

/** targetsOf lists what the columns of a file can fill, in the order of the model. */
export function targetsOf(may: Schema<"EntityCapability">, op: Op, whole: boolean): Target[] {
  const out: Target[] = [];
  if (op !== "create") out.push({ path: "id", label: "Which record: its id, or the system's own key", kind: "id", required: true });
  out.push({ path: "client_ref", label: "Your reference", kind: "string", required: false });
  if (op === "delete") return out;
  const open = may.fields.filter((f) => f.writable_on?.includes(op));
  const required = op === "create" ? (may.create.required ?? []) : [];
  for (const f of open) {
    const list = f.name.includes(".") ? f.name.slice(0, f.name.indexOf(".")) : undefined;
    const inner = open.some((o) => o.name.startsWith(`${f.name}.`));
    const values = f.values?.length ? f.values : f.allowed?.find((a) => a.values?.length)?.values;
    const one = { label: label(f.name), required: required.includes(f.name), list };
    if (inner && f.kind === "list") {
      if (whole) out.push({ ...one, path: f.name, kind: "list" });
      if (op === "update") out.push({ path: `${f.name}.remote_id`, label: `${words(f.name)} · the system's own key`, kind: "string", required: false, list: f.name });
      continue;
    }
    const of = parts[f.kind];
    if (!of || whole) out.push({ ...one, path: f.name, kind: f.kind, values });
    of?.forEach(([name, kind], i) => out.push({ path: `${f.name}.${name}`, label: `${one.label} · ${words(name).toLowerCase()}`, kind, required: one.required && !i, list }));
  }
  return out;
}

function label(path: string): string {
  return path.split(".").map((p, i) => (i ? words(p.replace(/_id$/, "")).toLowerCase() : words(p.replace(/_id$/, "")))).join(" · ");
}

/** missing lists the required targets that nothing fills. */
export function missing(targets: Target[], filled: Set<string>): Target[] {
  return targets.filter((t) => t.required && !filled.has(t.path) && ![...filled].some((f) => t.path.startsWith(`${f}.`) || f.startsWith(`${t.path}.`)));
}

const also: Record<string, string[]> = {
  id: ["id", "recordid", "busbarid", "remoteid", "key"],
  client_ref: ["clientref", "reference", "ref", "yourreference"],
};

const plain = (name: string) => name.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]/g, "");

/** guess finds for each column the target that its name says. No target is given twice. */
export function guess(columns: Column[], targets: Target[]): Record<string, string> {
  const free = new Map<string, Target>();
  for (const t of [...targets].reverse()) for (const name of namesOf(t)) free.set(name, t);
  const taken = new Set<string>();
  const out: Record<string, string> = {};
  for (const c of columns) {
    const t = free.get(plain(c.name));
    if (!t || taken.has(t.path)) continue;
    taken.add(t.path);
    out[c.name] = t.path;
  }
  return out;
}

/** namesOf are the names by which a column may mean a target: with and without its list, its id and, of a pair, its first part. */
function namesOf(t: Target): string[] {
  const names = [t.path, t.path.replace(/_id$/, ""), t.path.replace(/\.(amount|value)$/, "")];
  const inner = t.list ? names.map((n) => n.slice(t.list!.length + 1)) : [];
  const one = t.list ? names.map((n) => n.replace(t.list!, t.list!.replace(/s$/, ""))) : [];
  return [...new Set([...names, ...one, ...inner, ...(t.path.endsWith(".unit") ? ["unit"] : []), ...(also[t.path] ?? [])].map(plain))].filter(Boolean);
}
