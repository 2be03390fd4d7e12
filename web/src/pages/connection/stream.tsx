import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useAct } from "@/api/acts";
import { ApiError, api, data, of as headerOf, type Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { SelectField, TextField } from "@/ui/field";
import { count } from "@/ui/number";
import { Facts } from "@/ui/panel";
import { Failure, Notice } from "@/ui/say";
import { Time } from "@/ui/time";
import { Progress } from "./run";

type Sync = Schema<"Sync">;

const usual: [value: string, name: string][] = [
  ["5m", "every 5 minutes"], ["15m", "every 15 minutes"], ["1h", "every hour"], ["6h", "every 6 hours"], ["24h", "once a day"], ["manual", "only by hand"],
];

/** scheduleWords says a schedule as people do; a cron line stays as it is. */
export const scheduleWords = (schedule: string) => {
  const known = usual.find(([value]) => value === schedule)?.[1];
  return known ?? (/^\d+[smhd]/.test(schedule) ? `every ${schedule}` : schedule || "none");
};

interface Props {
  of: Sync;
  connection: Schema<"Connection">;
  health?: Schema<"EntityHealth">;
  still: boolean;
  onClose: () => void;
  sync: () => Promise<unknown>;
  full: () => void;
}

/** Stream is one entity of a connection: how it stands, and how it is synced. */
export function Stream({ of: s, connection: c, health, still, onClose, sync, full }: Props) {
  const may = useMay();
  const held = s.held_deletions?.decision === "pending";
  return (
    <Dialog title={words(s.entity)} open onClose={onClose}>
      {s.active_run ? <Progress of={s.active_run} /> : null}
      {s.error && !held ? (
        <Notice tone="bad" title={s.failures > 1 ? `The last ${s.failures} runs failed` : "The last run did not succeed"}>
          <p>{s.error.detail}</p>
          {health?.next_step && health.next_step !== s.error.detail ? <p>{health.next_step}</p> : null}
          {s.last_run ? <RunLink id={c.id} run={s.last_run.id}>See the run</RunLink> : null}
        </Notice>
      ) : null}
      {held && s.held_deletions ? (
        <Notice tone="warn" title={`${count(s.held_deletions.missing)} deletions wait for a decision`}><RunLink id={c.id} run={s.held_deletions.run}>Decide</RunLink></Notice>
      ) : null}
      {s.counts.quarantined && s.last_run ? (
        <Notice tone="warn" title={`${count(s.counts.quarantined)} records do not fit the model`}><RunLink id={c.id} run={s.last_run.id}>See the last run</RunLink></Notice>
      ) : null}
      <Facts
        of={[
          ["Records", count(s.counts.live)],
          ["Deleted there", count(s.counts.deleted)],
          ["Last success", <Time key="l" at={s.last_success_at} />],
          ["Last full run", <Time key="f" at={s.last_full_at} />],
          ["Read up to", <Time key="c" at={s.cursor_at} none="the source has no clock" />],
          ["Next run", s.paused ? "paused" : <Time key="n" at={s.next_run_at} none="by hand" />],
        ]}
      />
      <Link to="/records" search={{ connection: c.id, entity: s.entity }} className="inline-block text-sm font-semibold text-ink hover:underline">Browse the records</Link>
      {may("sync") && c.status !== "disconnected" ? <Plan of={s} connection={c.id} /> : null}
      {may("sync") ? (
        <div className="flex flex-wrap justify-end gap-2 border-t border-line pt-4">
          <Button disabled={still} onClick={full}>Full re-sync</Button>
          <Button look="main" disabled={still} onClick={() => void sync().catch(() => onClose())}>Sync now</Button>
        </div>
      ) : null}
    </Dialog>
  );
}

function RunLink({ id, run, children }: { id: string; run: string; children: string }) {
  return <Link to="/connections/$id/runs/$run" params={{ id, run }} className="font-semibold text-ink underline">{children}</Link>;
}

/** Plan changes when an entity is synced, and how far back. */
function Plan({ of: s, connection }: { of: Sync; connection: string }) {
  const [schedule, setSchedule] = useState(s.schedule);
  const [own, setOwn] = useState(!usual.some(([value]) => value === s.schedule));
  const [history, setHistory] = useState(s.history);
  const [paused, setPaused] = useState(s.paused);
  const save = useAct(
    () => data(api.PATCH("/v1/syncs/{entity}", { params: { header: headerOf(connection), path: { entity: s.entity } }, body: { schedule, history, paused } })),
    ["syncs", connection], ["connections"],
  );
  const fault = (field: string) => (save.error instanceof ApiError ? save.error.problem.errors?.find((e) => e.pointer === `/${field}`)?.detail : undefined);
  const changed = schedule !== s.schedule || history !== s.history || paused !== s.paused;
  const submit = (e: FormEvent) => {
    e.preventDefault();
    save.mutate(undefined);
  };
  return (
    <form onSubmit={submit} className="space-y-4 border-t border-line pt-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField label="Synced" value={own ? "own" : schedule} onChange={(e) => (setOwn(e.target.value === "own"), e.target.value === "own" ? null : setSchedule(e.target.value))}>
          {usual.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          <option value="own">otherwise…</option>
        </SelectField>
        {own ? <TextField label="Schedule" value={schedule} onChange={(e) => setSchedule(e.target.value)} error={fault("schedule")} help="An interval such as 30m, or a cron line such as 0 6 * * Mon-Fri." /> : null}
        <TextField label="How far back" value={history} onChange={(e) => setHistory(e.target.value)} error={fault("history")} help="P90D, P12W, P6M, P2Y, or all. Holds from the next full run." />
      </div>
      <label className="flex items-center gap-2 text-sm">
        <input type="checkbox" className="size-4" checked={paused} onChange={(e) => setPaused(e.target.checked)} />
        Paused: synced only when somebody asks
      </label>
      {fault("schedule") || fault("history") ? null : <Failure error={save.error} />}
      <Button type="submit" size="small" busy={save.isPending} disabled={!changed}>{save.isSuccess && !changed ? "Saved" : "Save"}</Button>
    </form>
  );
}
