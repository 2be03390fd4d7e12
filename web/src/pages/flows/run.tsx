import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, type Schema } from "@/api/client";
import { flowRun } from "@/api/flows";
import { useMay } from "@/api/may";
import { Badge, State, words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { Json } from "@/ui/json";
import { count } from "@/ui/number";
import { Facts, Page, Panel } from "@/ui/panel";
import { Failure, Loading, Notice } from "@/ui/say";
import { Time } from "@/ui/time";
import { isOpen } from "./begins";
import { Counts } from "./counts";
import { Inspector } from "./inspector";
import { Items } from "./items";
import { Steps } from "./steps";

type Run = Schema<"FlowRunDetail">;

const route = getRouteApi("/flows/$name/runs/$id");

export default function OneRun() {
  const { name, id } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const read = useQuery(flowRun(name, id));
  const r = read.data;
  if (read.error && !r) return <Page title="Run"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  if (!r) return <Loading rows={8} />;
  const look = (change: Partial<typeof search>) => void navigate({ search: (s) => ({ ...s, ...change }), replace: true });
  return (
    <Page
      crumbs={<><Link to="/flows" className="hover:underline">Flows</Link> / <Link to="/flows/$name" params={{ name }} className="hover:underline">{name}</Link></>}
      title={<>Run of <Time at={r.created_at} /> {r.paused ? <Badge tone="warn">Paused</Badge> : <State state={r.state} />}</>}
      actions={<Acts name={name} of={r} />}
    >
      {r.reason ? <Notice tone={r.state === "failed" ? "bad" : r.state === "waiting" ? "quiet" : "warn"} title={r.reason.detail || words(r.reason.code)} /> : null}
      {r.erased ? <Notice tone="quiet" title="What it worked with is erased">The data of a connection that it used were deleted. Counts and reasons are kept.</Notice> : null}
      <Failure error={read.error} />
      <Panel>
        <Progress of={r} />
        <Facts
          of={[
            ["Begun by", words(r.trigger)],
            ["Version", String(r.version)],
            ["Started", <Time key="s" at={r.started_at} none="not yet" />],
            isOpen(r.state) ? ["Goes on", <Time key="d" at={r.due_at} none={r.paused ? "when it is resumed" : "when what it waits for has come"} />] : ["Ended", <Time key="e" at={r.finished_at} none="not yet" />],
            ["Retries", String(r.retries)],
            ["Id", <code key="i" className="font-mono text-xs select-all">{r.id}</code>],
          ]}
        />
        {r.parent ? <p className="mt-4 text-sm">It was called by <Link to="/flows/$name/runs/$id" params={{ name: r.parent.flow, id: r.parent.run }} search={{ item: `${r.parent.step}/${r.parent.n}` }} className="text-ink hover:underline">a run of {r.parent.flow}</Link>.</p> : null}
      </Panel>
      <Steps of={r.steps} chosen={search.step} choose={(step) => look({ step })} />
      <Items name={name} run={r} search={search} look={look} />
      <div className="grid gap-5 md:grid-cols-2">
        <Given title="What it was given" of={r.input} none="Nothing: it needs no input." />
        <Given title="What it gave" of={r.output} none={isOpen(r.state) ? "It has not ended." : "Nothing: its last step has no result."} />
      </div>
      {search.item ? <Inspector name={name} run={r} item={search.item} onClose={() => look({ item: undefined })} /> : null}
    </Page>
  );
}

function Progress({ of: r }: { of: Run }) {
  const share = Math.round(r.progress * 100);
  return (
    <div className="mb-4 space-y-2">
      <div role="progressbar" aria-label="Progress" aria-valuemin={0} aria-valuemax={100} aria-valuenow={share} className="h-2 overflow-hidden rounded-full bg-sunken">
        <div className="h-full bg-accent transition-[width]" style={{ width: `${share}%` }} />
      </div>
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm"><span className="tabular-nums">{count(r.counts.in)} taken in:</span> <Counts of={r.counts} /></p>
    </div>
  );
}

function Given({ title, of, none }: { title: string; of: unknown; none: string }) {
  const empty = of === null || of === undefined;
  return <Panel flush title={title}>{empty ? <p className="p-4 text-sm text-muted">{none}</p> : <Json of={of} />}</Panel>;
}

/** Acts are what can be done to a run, by whoever may run flows. */
function Acts({ name, of: r }: { name: string; of: Run }) {
  const [asked, ask] = useState<"retry" | "continue" | "cancel">();
  const may = useMay()("run");
  const at = { params: { path: { name, id: r.id } } };
  const retry = useAct((body: { continue?: boolean }) => data(api.POST("/v1/flows/{name}/runs/{id}/retry", { ...at, body: body as never })), ["flow-runs", name], ["flows"]);
  const cancel = useAct(() => data(api.POST("/v1/flows/{name}/runs/{id}/cancel", at)), ["flow-runs", name]);
  const pause = useAct((on: boolean) => (on ? data(api.POST("/v1/flows/{name}/runs/{id}/pause", at)) : data(api.POST("/v1/flows/{name}/runs/{id}/resume", at))), ["flow-runs", name]);
  if (!may) return null;
  const open = isOpen(r.state);
  const close = () => ask(undefined);
  return (
    <>
      {open ? <Button busy={pause.isPending} onClick={() => pause.mutate(!r.paused)}>{r.paused ? "Resume" : "Pause"}</Button> : null}
      {open ? <Button look="danger" disabled={r.cancel_requested} onClick={() => ask("cancel")}>{r.cancel_requested ? "Cancelling…" : "Cancel"}</Button> : null}
      {!open && (r.counts.cancelled > 0 || r.state === "cancelled") ? <Button onClick={() => ask("continue")}>Go on with what was cancelled</Button> : null}
      {!open && r.counts.failed > 0 ? <Button look="main" onClick={() => ask("retry")}>Retry {count(r.counts.failed)} failed</Button> : null}
      {pause.error ? <div className="basis-full"><Failure error={pause.error} /></div> : null}
      <Confirm open={asked === "retry"} onClose={close} title="Retry what failed?" label="Retry" act={() => retry.mutateAsync({})}>
        <p>Each failed item goes on at the step that failed, with what it had come to. What is written already is not written again.</p>
        {r.counts.cancelled ? <p>The {count(r.counts.cancelled)} that were cancelled stay as they are.</p> : null}
      </Confirm>
      <Confirm open={asked === "continue"} onClose={close} title="Go on with what was cancelled?" label="Go on" act={() => retry.mutateAsync({ continue: true })}>
        <p>What was cancelled when the run stopped is begun, so is the rest of its lists, and what failed is retried. What is written already is not written again.</p>
      </Confirm>
      <Confirm open={asked === "cancel"} onClose={close} title="Cancel this run?" label="Cancel it" danger act={() => cancel.mutateAsync(undefined)}>
        <p>Nothing more is begun. What is under way ends and is counted; what is written stays written.</p>
      </Confirm>
    </>
  );
}
