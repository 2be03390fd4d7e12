import { State, words } from "@/ui/badge";

/** Value shows a field's value in a line, as people write it. */
export function Value({ of: v, name }: { of: unknown; name?: string }) {
  if (v === null || v === undefined || v === "") return <span className="text-muted">–</span>;
  if (typeof v === "boolean") return <>{v ? "yes" : "no"}</>;
  if (typeof v === "string") return name === "status" ? <State state={v} /> : <span title={v}>{short(v)}</span>;
  if (typeof v === "number") return <>{v}</>;
  if (Array.isArray(v)) return <>{v.length} {v.length === 1 ? "entry" : "entries"}</>;
  const o = v as Record<string, unknown>;
  if ("amount" in o) return <span className="tabular-nums">{`${o.amount} ${o.currency ?? ""}`}</span>;
  if ("value" in o) return <span className="tabular-nums">{`${o.value} ${o.unit ?? ""}`}</span>;
  if ("remote_id" in o) return <>{String(o.display_name ?? o.name ?? o.remote_id)}</>;
  if ("city" in o || "postal_code" in o) return <>{[o.name, ...(Array.isArray(o.lines) ? o.lines : []), [o.postal_code, o.city].filter(Boolean).join(" "), o.region, o.country].filter(Boolean).join(", ")}</>;
  return <span className="text-muted">{Object.keys(o).map(words).join(", ")}</span>;
}

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

function short(v: string): string {
  return instant.test(v) ? v.slice(0, 16).replace("T", " ") : v;
}
