import { useMemo, useState } from "react";
import { recordId } from "@/api/recordid";
import { cx } from "@/ui/cx";

interface Leaf {
  path: string;
  value: unknown;
}

/** leaves lists the plain values of an object by their paths. */
function leaves(of: unknown, path = "", out: Leaf[] = []): Leaf[] {
  if (out.length >= 2000) return out;
  if (of && typeof of === "object") for (const [name, v] of Object.entries(of)) leaves(v, Array.isArray(of) ? `${path}[${name}]` : path ? `${path}.${name}` : name, out);
  else out.push({ path, value: of });
  return out;
}

/** plain writes a value so that the same thing in two spellings is one: numbers without idle zeros, times by their second. */
function plain(v: unknown): string {
  const text = String(v).trim();
  if (/^[+-]?\d+(\.\d+)?$/.test(text) && !/^0\d/.test(text)) return `n${Number(text)}`;
  if (/^\d{4}-\d\d-\d\d[T ]/.test(text)) return `t${text.slice(0, 19).replace(" ", "T")}`;
  return text.toLowerCase();
}

const mostMatches = 3; // a value that stands in more places tells nothing

/** matches finds for each field of the model the places of the source that hold its value, references by the id that their key leads to. */
function matches(unified: Leaf[], raw: Leaf[], connection: string, refersTo: Map<string, string>): Map<string, string[]> {
  const told = raw.filter((r) => r.value !== null && r.value !== "" && typeof r.value !== "boolean");
  const by = index(told, (v) => plain(v));
  const ids = new Map<string, Map<string, string[]>>();
  const led = (entity: string) => {
    if (!ids.has(entity)) ids.set(entity, index(told, (v) => recordId(connection, entity, String(v))));
    return ids.get(entity)!;
  };
  const out = new Map<string, string[]>();
  for (const { path, value } of unified) {
    if (value === null || value === "" || typeof value === "boolean") continue;
    const entity = refersTo.get(path.replace(/\[\d+\]/g, ""));
    const found = entity ? led(entity).get(String(value)) : by.get(plain(value));
    if (found && found.length <= mostMatches) out.set(path, found);
  }
  return out;
}

function index(raw: Leaf[], of: (value: unknown) => string): Map<string, string[]> {
  const by = new Map<string, string[]>();
  for (const { path, value } of raw) {
    const key = of(value);
    const paths = by.get(key);
    if (paths) paths.push(path);
    else by.set(key, [path]);
  }
  return by;
}

/** Sides shows a record in the model beside what the system gave, and which of both hold the same value. */
export function Sides({ connection, unified, raw, refersTo }: { connection: string; unified: object; raw: unknown; refersTo: Map<string, string> }) {
  const [at, setAt] = useState<string>();
  const left = useMemo(() => leaves(unified), [unified]);
  const right = useMemo(() => leaves(raw), [raw]);
  const same = useMemo(() => matches(left, right, connection, refersTo), [connection, left, right, refersTo]);
  const back = useMemo(() => {
    const map = new Map<string, string[]>();
    for (const [field, paths] of same) for (const p of paths) map.set(p, [...(map.get(p) ?? []), field]);
    return map;
  }, [same]);
  const lit = new Set(at ? [at.slice(2), ...((at.startsWith("l:") ? same : back).get(at.slice(2)) ?? [])] : []);
  return (
    <div className="grid lg:grid-cols-2 lg:divide-x lg:divide-line">
      <Side title="In Busbar's model" side="l" leaves={left} of={same} lit={lit} at={setAt} />
      <Side title="As the system has it" side="r" leaves={right} of={back} lit={lit} at={setAt} />
    </div>
  );
}

function Side({ title, side, leaves: all, of, lit, at }: { title: string; side: "l" | "r"; leaves: Leaf[]; of: Map<string, string[]>; lit: Set<string>; at: (place: string | undefined) => void }) {
  return (
    <section className="min-w-0">
      <h3 className="border-b border-line bg-sunken px-4 py-2 text-xs text-muted">{title}</h3>
      <dl className="max-h-[32rem] overflow-auto py-1 text-xs" tabIndex={0} aria-label={title}>
        {all.map((l) => {
          const twins = of.get(l.path);
          return (
            <div key={l.path} className={cx("grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)] gap-x-3 px-4 py-1", twins && lit.has(l.path) && "bg-accent-soft")} onMouseEnter={() => at(twins ? `${side}:${l.path}` : undefined)} onMouseLeave={() => at(undefined)}>
              <dt className={cx("font-mono", twins ? "text-text" : "text-muted")}>{l.path}</dt>
              <dd className="font-mono">
                {l.value === null || l.value === "" ? <span className="text-muted">–</span> : String(l.value)}
                {twins ? <span className="block text-muted">{side === "l" ? "← " : "→ "}{twins.join(", ")}</span> : null}
              </dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}
