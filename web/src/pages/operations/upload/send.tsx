import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ApiError, calling, of, type Problem, type Schema } from "@/api/client";
import { newKey } from "@/api/key";
import { send, type Verdict } from "@/api/records";
import { words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { SelectField } from "@/ui/field";
import { many } from "@/ui/number";
import { Failure, Notice } from "@/ui/say";
import type { Made, Plan } from "./items";
import { type Part, prepare, type Prepared } from "./prepare";
import { Faults, shownFirst } from "./preview";
import type { Format } from "./source";
import type { Target } from "./targets";

type Sent = { operation: Schema<"Operation">; replayed: boolean };

interface Props {
  file: File;
  format: Format;
  plan: Plan;
  targets: Target[];
  first: Made[] | undefined;
  /** Why it cannot be sent as it is. */
  lacking: string;
}


/** Send reads the whole file, has its first records checked, and sends it. */
export function Send({ file, format, plan, targets, first, lacking }: Props) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [read, setRead] = useState<Prepared>();
  const [share, setShare] = useState<number>();
  const [verdicts, setVerdicts] = useState<{ line: number; verdict: Verdict }[]>();
  const [error, setError] = useState<unknown>();
  const [sending, setSending] = useState(-1);
  const [sent, setSent] = useState<Sent[]>([]);
  const [pace, setPace] = useState("PT0S");
  const [onError, setOnError] = useState("continue");
  const [again, setAgain] = useState(false);
  const [asked, ask] = useState(false);
  const turn = useRef(0);
  const salt = useRef(""); // of the keys with which all of it is sent once more
  useEffect(() => {
    turn.current++;
    setRead(undefined);
    setShare(undefined);
    setVerdicts(undefined);
    setError(undefined);
    setSent([]);
    salt.current = "";
  }, [file, format, plan, targets]);

  const check = async () => {
    const mine = ++turn.current;
    setError(undefined);
    setShare(0);
    try {
      const found = await prepare(file, format, plan, targets, (s) => mine === turn.current && setShare(s), () => mine !== turn.current);
      const tried = await verdictsOf((first ?? []).filter((m) => !m.faults.length), plan);
      if (mine !== turn.current) return;
      setRead(found);
      setVerdicts(tried);
    } catch (e) {
      if (mine === turn.current) setError(e);
    } finally {
      if (mine === turn.current) setShare(undefined);
    }
  };
  const sendAll = async (done: Sent[]) => {
    if (!read) return;
    setError(undefined);
    setSent(done);
    try {
      for (let i = done.length; i < read.parts.length; i++) {
        setSending(i);
        done = [...done, await post(read.parts[i]!, plan, { chunk_delay: pace, on_error: onError }, salt.current)];
        setSent(done);
      }
      void client.invalidateQueries({ queryKey: ["operations"] });
      if (done.length === 1 && !done[0]!.replayed) void navigate({ to: "/operations/$connection/$id", params: { connection: plan.connection, id: done[0]!.operation.id } });
    } catch (e) {
      setError(e);
    } finally {
      setSending(-1);
    }
  };
  const refused = verdicts?.filter((v) => !v.verdict.valid) ?? [];
  const removes = plan.op === "delete" && !plan.ready;
  const ready = read && read.count > 0 && !lacking;
  const replayed = sent.some((s) => s.replayed);
  return (
    <div className="space-y-4">
      <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-4">
        <SelectField label="Pace" value={pace} onChange={(e) => setPace(e.target.value)} help="How much of the system is left to those who work in it.">
          <option value="PT0S">As fast as the system takes it</option>
          <option value="PT1S">A second after every 50</option>
          <option value="PT10S">Ten seconds after every 50</option>
          <option value="PT1M">A minute after every 50</option>
        </SelectField>
        <SelectField label="When one is refused" value={onError} onChange={(e) => setOnError(e.target.value)}>
          <option value="continue">Go on with the others</option>
          <option value="stop">Stop, and send no more</option>
        </SelectField>
      </div>
      {share !== undefined ? (
        <div className="space-y-1 text-sm">
          <progress className="block h-2 w-full" max={1} value={share} aria-label="Reading the file" />
          <p role="status" className="text-muted">{share < 1 ? `Reading the file: ${Math.round(share * 100)} %` : "Checking the first records…"}</p>
        </div>
      ) : null}
      {read ? <Told read={read} /> : null}
      {verdicts?.length ? <Verdicts of={verdicts} refused={refused.length} /> : null}
      {sent.length ? (
        <Notice tone={replayed ? "warn" : "good"} title={replayed ? "This was sent before. Nothing is written twice." : `${many(sent.length, "batch", "batches")} taken in.`}>
          <ul className="list-disc pl-5">
            {sent.map((s) => (
              <li key={s.operation.id}>
                <Link to="/operations/$connection/$id" params={{ connection: plan.connection, id: s.operation.id }} className="text-ink underline">{many(s.operation.total, "record")}, {words(s.operation.state).toLowerCase()}</Link>
                {s.replayed ? ` (taken in ${new Date(s.operation.created_at ?? "").toLocaleString()})` : ""}
              </li>
            ))}
          </ul>
          {replayed ? <Button size="small" onClick={() => setAgain(true)}>Send it once more all the same</Button> : null}
        </Notice>
      ) : null}
      <Failure error={error} />
      {error && sent.length ? <p className="text-sm">{many(sent.length, "part")} of {read?.parts.length} were taken in. Send again to go on with the rest.</p> : null}
      <div className="flex flex-wrap items-center justify-end gap-3">
        {lacking ? <p className="mr-auto text-sm text-muted">{lacking}</p> : null}
        <Button look={read ? "plain" : "main"} busy={share !== undefined} disabled={Boolean(lacking)} onClick={() => void check()}>{read ? "Check again" : "Check"}</Button>
        {read ? (
          <Button look="main" busy={sending >= 0} disabled={!ready || (sent.length === read.parts.length)} onClick={() => (removes && !sent.length ? ask(true) : void sendAll(sent))}>
            {sending >= 0 && read.parts.length > 1 ? `Sending ${sending + 1} of ${read.parts.length}…` : `${removes ? "Delete" : "Send"} ${many(read.count, "record")}`}
          </Button>
        ) : null}
      </div>
      <Confirm open={asked} onClose={() => ask(false)} danger title={`Delete ${many(read?.count ?? 0, "record")}?`} label="Delete them" act={() => sendAll(sent)}>
        <p>Every record that the file names is deleted in the system itself, or cancelled where the system only cancels. What is gone there cannot be brought back from here.</p>
      </Confirm>
      <Confirm open={again} onClose={() => setAgain(false)} danger title="Write all of it once more?" label="Send it once more" act={() => ((salt.current = newKey()), sendAll([]))}>
        <p>The same records were sent before. {plan.op === "create" ? "Every one of them is created a second time." : removes ? "Every one of them is deleted again, if it is there." : "Every one of them is written again."} Do this only where that is what you want, such as after the first ones were deleted.</p>
      </Confirm>
    </div>
  );
}

/** Told says what the whole file holds. */
function Told({ read }: { read: Prepared }) {
  return (
    <div className="space-y-3">
      <Faults of={read.faults} all={read.faultCount} title="This cannot be read" />
      <Notice tone="quiet" title={`${many(read.count, "record")} can be sent.`}>
        {read.left ? <p>{many(read.left, "record")} that cannot be read would be left out. Mend the file to have them too; a file that is sent again as a whole doubles what was created.</p> : null}
        {read.parts.length > 1 ? <p>A batch takes 100,000 records at most, so they are sent as {read.parts.length} batches, one after the other.</p> : null}
      </Notice>
    </div>
  );
}

/** Verdicts says what would become of the first records. */
function Verdicts({ of: all, refused }: { of: { line: number; verdict: Verdict }[]; refused: number }) {
  if (!refused) return <Notice tone="good" title={`The first ${many(all.length, "record")} would be sent.`}>The system may still refuse some for reasons that only it knows.</Notice>;
  return (
    <Notice tone="bad" title={`${refused} of the first ${all.length} would be refused.`}>
      <ul className="max-h-56 list-disc overflow-auto pl-5" tabIndex={0}>
        {all.filter((v) => !v.verdict.valid).map((v) => (
          <li key={v.line}>
            Line {v.line}: {v.verdict.problem?.errors?.length ? v.verdict.problem.errors.map((e) => `${e.pointer?.replace(/^\//, "").replaceAll("/", " · ")} ${e.detail}`).join(" ") : v.verdict.problem?.detail}
          </li>
        ))}
      </ul>
      <p>They can be sent all the same: each that is refused is listed with its reason, and has no effect.</p>
    </Notice>
  );
}

/** verdictsOf has the first records checked, a few at a time, in the order of the file. */
async function verdictsOf(first: Made[], plan: Plan): Promise<{ line: number; verdict: Verdict }[]> {
  const out: { line: number; verdict: Verdict }[] = [];
  for (let at = 0; at < Math.min(first.length, shownFirst); at += 4) {
    const some = first.slice(at, at + 4).map(async ({ line, item }) => ({ line, verdict: await verdictOf(plan, item) }));
    out.push(...(await Promise.all(some)));
  }
  return out;
}

/** verdictOf has one record checked. What the check itself refuses, such as a record that is not there, is a verdict too. */
async function verdictOf(plan: Plan, item: Made["item"]): Promise<Verdict> {
  try {
    return (await send<Verdict>("POST", `/v1/${plan.entity}/validate`, plan.connection, { body: { op: item.op, id: item.id, data: item.data } })).body;
  } catch (e) {
    if (e instanceof ApiError && [404, 422].includes(e.problem.status)) return { valid: false, problem: e.problem };
    throw e;
  }
}

/** post sends one batch. It is safe to call again when no answer came. */
async function post(part: Part, plan: Plan, options: Record<string, string>, salt: string): Promise<Sent> {
  const headers = { ...of(plan.connection), "Content-Type": "application/x-ndjson", "Idempotency-Key": part.key + salt };
  const answer = await calling(() => new Request(`/v1/${plan.entity}/batch?${new URLSearchParams(options)}`, { method: "POST", headers, body: part.body })).catch((e: unknown) => {
    if (!(e instanceof ApiError)) throw e;
    throw e.problem.code === "offline" ? new ApiError(lost) : e.problem.code === "idempotency-key-reused" ? new ApiError({ ...e.problem, ...otherwise }) : e;
  });
  return { operation: (await answer.json()) as Schema<"Operation">, replayed: answer.headers.get("Idempotency-Replayed") === "true" };
}

const otherwise = { title: "This was sent before, at another pace or with another rule for what is refused.", detail: "Nothing was sent now, so nothing is written twice. What became of it stands among the operations." };

const lost: Problem = { code: "offline", title: "No answer came.", status: 0, detail: "It is not known whether the file was taken in. Send it again: it has the same key, so it is taken once.", retryable: true };
