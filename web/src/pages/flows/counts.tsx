import type { Schema } from "@/api/client";
import { Badge, type Tone } from "@/ui/badge";

const parts: [keyof Schema<"FlowCounts">, Tone][] = [["ok", "good"], ["failed", "bad"], ["running", "busy"], ["pending", "busy"], ["skipped", "quiet"], ["cancelled", "quiet"]];
const count = new Intl.NumberFormat();

/** Counts says what became of the items of a run: in is always the sum of the others. */
export function Counts({ of: c }: { of: Schema<"FlowCounts"> }) {
  const shown = parts.filter(([name]) => c[name] > 0);
  return shown.length ? (
    <span className="inline-flex flex-wrap gap-1.5">
      {shown.map(([name, tone]) => (
        <Badge key={name} tone={tone}>{count.format(c[name])} {name}</Badge>
      ))}
    </span>
  ) : (
    <span className="text-muted">none yet</span>
  );
}
