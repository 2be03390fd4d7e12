import type { Schema } from "@/api/client";
import { many } from "@/ui/number";


/** sentence says whether all is well, in one sentence, and what is not in a second one. */
export function sentence(o: Schema<"Overview">): { tone: "good" | "warn" | "bad"; title: string; more?: string } {
  const c = o.connections;
  const s = o.streams;
  const cut = c.unreachable + c.needs_reauthorization;
  const ill = [
    cut ? `${many(cut, "connection")} cannot reach ${cut === 1 ? "its system" : "their systems"}` : "",
    s.failing ? `${many(s.failing, "stream")} ${s.failing === 1 ? "fails" : "fail"}` : "",
    s.late ? `${many(s.late, "stream")} ${s.late === 1 ? "is" : "are"} late` : "",
  ].filter(Boolean);
  const waits = o.waiting.filter((w) => w.count > 0).length;
  const whole = `${many(c.total, "connection")}, ${many(s.total, "stream")}, ${many(s.records, "record")}.`;
  if (o.well) return { tone: "good", title: "All is well.", more: whole };
  if (ill.length) return { tone: cut || s.failing ? "bad" : "warn", title: `${listed(ill)}.`, more: waits ? "What waits for you is below." : "Busbar tries again by itself; what failed and why is below." };
  if (waits) return { tone: "warn", title: "Everything runs, and something waits for you.", more: whole };
  return { tone: "warn", title: `${many(c.degraded, "connection")} ${c.degraded === 1 ? "is" : "are"} not quite well.`, more: "What failed and why is below." };
}

/** listed writes parts as one sentence. */
function listed(parts: string[]): string {
  return parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)!}`;
}
