import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, type Schema } from "@/api/client";
import { flowItem, flowItems, flowRun } from "@/api/flows";
import type { Problem } from "@/api/client";
import { Badge, State, words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm, Dialog } from "@/ui/dialog";
import { Field, input, SelectField } from "@/ui/field";
import { type Column, Grid } from "@/ui/grid";
import { Json } from "@/ui/json";
import { Facts, Page, Panel } from "@/ui/panel";
import { Empty, Failure, Loading, Notice } from "@/ui/say";
import { Time } from "@/ui/time";
import { Counts } from "./counts";

type Item = Schema<"FlowItem">;

const route = getRouteApi("/flows/$name/runs/$id");
const onTop = "-";

export default function OneRun() {
  const { name, id } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const read = useQuery(flowRun(name, id));
  const [asked, ask] = useState<"retry" | "cancel">();
  const at = { params: { path: { name, id } } };
  const retry = useAct(() => data(api.POST("/v1/flows/{name}/runs/{id}/retry", { ...at, body: {} as never })), ["flow-runs", name]);
  const cancel = useAct(() => data(api.POST("/v1/flows/{name}/runs/{id}/cancel", at)), ["flow-runs", name]);
  const pause = useAct((on: boolean) => (on ? data(api.POST("/v1/flows/{name}/runs/{id}/pause", at)) : data(api.POST("/v1/flows/{name}/runs/{id}/resume", at))), ["flow-runs", name]);
  const r = read.data;
  const open = r ? ["queued", "running", "waiting"].includes(r.state) : false;
  const items = useInfiniteQuery({ ...flowItems(name, id, search.step ?? "", search.status ?? ""), refetchInterval: open ? 2500 : false });
  if (read.error) return <Page title="Run"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  if (!r) return <Loading rows={8} />;
  const columns: Column<Item>[] = [
    { name: "Item", width: "minmax(9rem,2fr)", cell: (i) => (
      <Link to="/flows/$name/runs/$id" params={{ name, id }} search={{ ...search, item: `${i.step}/${i.n}` }} className="font-semibold text-ink hover:underline">{i.step === onTop ? "The steps on top" : i.key || `#${i.n}`}</Link>
    ) },
    { name: "Step", width: "minmax(6rem,1fr)", wide: true, cell: (i) => (i.step === onTop ? "" : i.step) },
    { name: "Status", width: "minmax(7rem,1fr)", cell: (i) => <State state={i.status} /> },
    { name: "Why", width: "minmax(9rem,3fr)", cell: (i) => <span title={problem(i.error)?.detail} className="text-muted">{problem(i.error)?.detail ?? (i.waits ? `Waits for ${i.waits}` : "")}</span> },
    { name: "Tries", width: "4rem", wide: true, right: true, cell: (i) => i.attempts },
    { name: "When", width: "7rem", wide: true, right: true, cell: (i) => <Time at={i.updated_at} /> },
  ];
  return (
    <Page
      crumbs={<><Link to="/flows" className="hover:underline">Flows</Link> / <Link to="/flows/$name" params={{ name }} className="hover:underline">{name}</Link></>}
      title={<>Run of <Time at={r.created_at} /> {r.paused ? <Badge tone="warn">Paused</Badge> : <State state={r.state} />}</>}
      actions={
        <>
          {open ? <Button busy={pause.isPending} onClick={() => pause.mutate(!r.paused)}>{r.paused ? "Resume" : "Pause"}</Button> : null}
          {open ? <Button look="danger" disabled={r.cancel_requested} onClick={() => ask("cancel")}>{r.cancel_requested ? "Cancelling…" : "Cancel"}</Button> : null}
          {r.counts.failed > 0 ? <Button look="main" onClick={() => ask("retry")}>Retry {r.counts.failed.toLocaleString()} failed</Button> : null}
        </>
      }
    >
      {r.reason ? <Notice tone={r.state === "failed" ? "bad" : "warn"} title={r.reason.detail || words(r.reason.code)} /> : null}
      <Failure error={pause.error} />
      <Panel>
        <div className="mb-4 space-y-2">
          <div role="progressbar" aria-label="Progress" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(r.progress * 100)} className="h-2 overflow-hidden rounded-full bg-sunken">
            <div className="h-full bg-accent transition-[width]" style={{ width: `${r.progress * 100}%` }} />
          </div>
          <p className="flex flex-wrap items-center gap-x-2 text-sm"><span className="tabular-nums">{r.counts.in.toLocaleString()} taken in:</span> <Counts of={r.counts} /></p>
        </div>
        <Facts
          of={[
            ["Begun by", words(r.trigger)],
            ["Version", String(r.version)],
            ["Ended", <Time key="e" at={r.finished_at} none="not yet" />],
            ["Retries", String(r.retries)],
            ["Id", <code key="i" className="font-mono text-xs select-all">{r.id}</code>],
          ]}
        />
      </Panel>
      <Panel
        flush
        title="Items"
        actions={
          <>
            <SelectField label="Step" hideLabel value={search.step ?? ""} onChange={(e) => void navigate({ search: (s) => ({ ...s, step: e.target.value || undefined }) })}>
              <option value="">Every step</option>
              {r.steps.map((s) => (
                <option key={s.step} value={s.step}>{s.step === onTop ? "The steps on top" : s.step}</option>
              ))}
            </SelectField>
            <SelectField label="Status" hideLabel value={search.status ?? ""} onChange={(e) => void navigate({ search: (s) => ({ ...s, status: e.target.value || undefined }) })}>
              <option value="">Every status</option>
              {["failed", "running", "pending", "ok", "skipped", "cancelled"].map((s) => (
                <option key={s} value={s}>{words(s)}</option>
              ))}
            </SelectField>
          </>
        }
      >
        {items.error ? <div className="p-4"><Failure error={items.error} again={() => void items.refetch()} /></div> : null}
        <Grid
          label="Items"
          rows={items.data?.pages.flatMap((p) => p.data) ?? []}
          columns={columns}
          id={(i) => `${i.step}/${i.n}`}
          more={items.hasNextPage ? () => void items.fetchNextPage() : undefined}
          loading={items.isFetching}
          empty={<Empty title="No item fits" />}
        />
      </Panel>
      <Confirm open={asked === "retry"} onClose={() => ask(undefined)} title="Retry what failed?" label="Retry" act={() => retry.mutateAsync(undefined)}>
        <p>Each failed item goes on at the step that failed, with what it had come to. What is written already is not written again.</p>
      </Confirm>
      <Confirm open={asked === "cancel"} onClose={() => ask(undefined)} title="Cancel this run?" label="Cancel it" danger act={() => cancel.mutateAsync(undefined)}>
        <p>Nothing more is begun. What is under way ends and is counted; what is written stays written.</p>
      </Confirm>
      {search.item ? <Inspector name={name} run={id} item={search.item} onClose={() => void navigate({ search: (s) => ({ ...s, item: undefined }) })} /> : null}
    </Page>
  );
}

/** problem reads the problem of an item. */
const problem = (v: unknown) => (v ? (v as Problem & { step?: string }) : undefined);

/** Inspector shows one item step by step, and retries it, with another input if one is given. */
function Inspector({ name, run, item, onClose }: { name: string; run: string; item: string; onClose: () => void }) {
  const [step = "", n = "0"] = item.split("/");
  const read = useQuery(flowItem(name, run, step, Number(n)));
  const [text, setText] = useState<string>();
  const [wrong, setWrong] = useState<string>();
  const retry = useAct(
    (body: object) => data(api.POST("/v1/flows/{name}/runs/{id}/retry", { params: { path: { name, id: run } }, body: { items: [{ step, n: Number(n) }], ...body } as never })),
    ["flow-runs", name],
  );
  const again = () => {
    if (text === undefined) return retry.mutate({}, { onSuccess: onClose });
    try {
      retry.mutate({ input: JSON.parse(text) as unknown }, { onSuccess: onClose });
    } catch (e) {
      setWrong(`This is no JSON: ${String(e)}`);
    }
  };
  const i = read.data;
  const p = problem(i?.error);
  return (
    <Dialog open title={i ? (i.step === onTop ? "The steps on top" : `${i.step}: ${i.key || `#${i.n}`}`) : "Item"} onClose={onClose}>
      <Failure error={read.error} />
      {i ? (
        <>
          <p className="flex flex-wrap items-center gap-2 text-sm"><State state={i.status} /> {i.attempts} {i.attempts === 1 ? "try" : "tries"}, <Time at={i.updated_at} /></p>
          {p ? <Notice tone="bad" title={p.title ?? "It failed"}><p>{p.detail}</p>{p.errors?.map((e, k) => <p key={k}><code className="font-mono text-xs">{e.pointer}</code> {e.detail}</p>)}</Notice> : null}
          {i.operation ? <p className="text-sm"><Link to="/operations/$connection/$id" params={{ connection: i.operation.connection_id, id: i.operation.id }} className="text-ink hover:underline">The write behind it</Link></p> : null}
          <details open={text === undefined} className="rounded-lg border border-line"><summary className="px-3 py-2 text-sm font-semibold">Input</summary><Json of={i.input} /></details>
          {i.steps.map((s) => (
            <details key={s.id} className="rounded-lg border border-line">
              <summary className="px-3 py-2 text-sm"><span className="font-semibold">{s.id}</span> <span className="text-muted">{s.kind}</span></summary>
              <Json of={s.result} />
            </details>
          ))}
          {i.next ? <p className="text-sm text-muted">{i.status === "failed" ? "Failed at" : "Next is"} <code className="font-mono text-xs">{i.next}</code>.</p> : null}
          {i.status === "failed" ? (
            <>
              {text !== undefined ? (
                <Field label="Input to go on with" error={wrong}>
                  {(ids) => <textarea {...ids} rows={10} spellCheck={false} className={`${input} py-2 font-mono text-xs`} value={text} onChange={(e) => { setText(e.target.value); setWrong(undefined); }} />}
                </Field>
              ) : null}
              <Failure error={retry.error} />
              <div className="flex flex-wrap justify-end gap-2">
                {text === undefined ? <Button onClick={() => setText(JSON.stringify(i.input, null, 2))}>Edit its input</Button> : <Button onClick={() => setText(undefined)}>Keep its input</Button>}
                <Button look="main" busy={retry.isPending} onClick={again}>{text === undefined ? "Retry this one" : "Retry with this input"}</Button>
              </div>
            </>
          ) : null}
        </>
      ) : (
        <Loading />
      )}
    </Dialog>
  );
}
