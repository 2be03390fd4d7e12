import { type ReactNode } from "react";
import { cx } from "./cx";

export type Tone = "good" | "warn" | "bad" | "busy" | "quiet";

const tones: Record<Tone, string> = {
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  busy: "bg-accent-soft text-ink",
  quiet: "bg-sunken text-muted",
};

/** Badge is a state in a word, with a dot of its tone: never told by colour alone. */
export function Badge({ tone, children, className }: { tone: Tone; children: ReactNode; className?: string }) {
  return (
    <span className={cx("inline-flex items-center gap-1.5 rounded-full px-2 py-0.5 text-xs font-semibold whitespace-nowrap", tones[tone], className)}>
      <span aria-hidden className={cx("size-1.5 rounded-full bg-current", tone === "busy" && "animate-pulse")} />
      {children}
    </span>
  );
}

/** What the states of all things mean to whoever looks at them. */
const toneOf: Record<string, Tone> = {
  active: "good", complete: "good", completed: "good", applied: "good", ok: "good", fresh: "good",
  syncing: "busy", running: "busy", queued: "busy", sending: "busy", reconciling: "busy",
  degraded: "warn", incomplete: "warn", waiting: "warn", late: "warn", needs_human: "warn", unknown: "warn",
  unreachable: "bad", needs_reauthorization: "bad", failed: "bad", rejected: "bad",
};

/** State shows the state of a thing by the name that the API gives it. */
export function State({ state }: { state: string }) {
  return <Badge tone={toneOf[state] ?? "quiet"}>{words(state)}</Badge>;
}

/** words writes a name of the API for people: needs_reauthorization becomes Needs reauthorization. */
export function words(name: string): string {
  const text = name.replaceAll(/[_-]/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
