import { useState } from "react";
import type { Schema } from "@/api/client";
import { Bars, type Part } from "@/ui/bars";
import { Button } from "@/ui/button";
import { Panel } from "@/ui/panel";

type Stretch = Schema<"ActivityOf">;

const runs: Part<Stretch>[] = [
  { name: "Failed", look: "bad", of: (a) => a.runs.failed },
  { name: "Incomplete", look: "warn", of: (a) => a.runs.incomplete },
  { name: "Cancelled", look: "quiet", of: (a) => a.runs.cancelled },
  { name: "Complete", look: "good", of: (a) => a.runs.complete },
];
const writes: Part<Stretch>[] = [
  { name: "Rejected", look: "bad", of: (a) => a.writes.rejected },
  { name: "Needs a decision", look: "warn", of: (a) => a.writes.needs_human },
  { name: "Cancelled", look: "quiet", of: (a) => a.writes.cancelled },
  { name: "Applied", look: "good", of: (a) => a.writes.applied },
];

const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });

/** Activity shows the syncs and writes that ended, over a day or two weeks. */
export function Activity({ of: a }: { of: Schema<"Activity"> }) {
  const [by, setBy] = useState<"hours" | "days">("hours");
  const label = (s: Stretch) => (by === "hours" ? hour : day).format(new Date(s.begins_at ?? 0));
  return (
    <Panel
      title="Activity"
      actions={
        <div role="group" aria-label="Over how long" className="flex gap-1">
          <Button size="small" look={by === "hours" ? "plain" : "quiet"} aria-pressed={by === "hours"} onClick={() => setBy("hours")}>24 hours</Button>
          <Button size="small" look={by === "days" ? "plain" : "quiet"} aria-pressed={by === "days"} onClick={() => setBy("days")}>14 days</Button>
        </div>
      }
    >
      <div className="grid gap-6 lg:grid-cols-2">
        <Bars title="Syncs" unit={by === "hours" ? "Hour" : "Day (UTC)"} of={a[by]} parts={runs} label={label} none="No sync ended in this time." />
        <Bars title="Writes" unit={by === "hours" ? "Hour" : "Day (UTC)"} of={a[by]} parts={writes} label={label} none="No write ended in this time." />
      </div>
    </Panel>
  );
}
