import type { Schema } from "@/api/client";
import { Badge, type Tone } from "@/ui/badge";
import { cx } from "@/ui/cx";
import { count } from "@/ui/number";

/** fates are what may become of an item, the worst that wait for a person first. */
export const fates: [keyof Schema<"FlowCounts">, Tone][] = [["failed", "bad"], ["ok", "good"], ["running", "busy"], ["pending", "busy"], ["skipped", "quiet"], ["cancelled", "quiet"]];

/** Counts says what became of the items of a run: in is always the sum of the others. */
export function Counts({ of: c, line }: { of: Schema<"FlowCounts">; line?: boolean }) {
  const shown = fates.filter(([name]) => c[name] > 0);
  return shown.length ? (
    <span className={cx("inline-flex gap-1.5", !line && "flex-wrap")}>
      {shown.map(([name, tone]) => (
        <Badge key={name} tone={tone}>{count(c[name])} {name}</Badge>
      ))}
    </span>
  ) : (
    <span className="text-muted">none yet</span>
  );
}
