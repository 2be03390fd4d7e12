import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, type Schema } from "@/api/client";
import { flow, flowRuns } from "@/api/flows";
import { Badge, State, words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { SelectField } from "@/ui/field";
import { type Column, Grid } from "@/ui/grid";
import { Facts, Page, Panel } from "@/ui/panel";
import { Empty, Failure, Loading, Notice } from "@/ui/say";
import { Tabs } from "@/ui/tabs";
import { Time } from "@/ui/time";
import { Counts } from "./counts";

const route = getRouteApi("/flows/$name");
const Builder = lazy(() => import("./builder"));

export default function OneFlow() {
  const { name } = route.useParams();
  const { tab } = route.useSearch();
  const navigate = useNavigate();
  const read = useQuery(flow(name));
  const [asked, ask] = useState<"run" | "delete">();
  const at = { params: { path: { name } } };
  const run = useAct(() => data(api.POST("/v1/flows/{name}/runs", { ...at, body: {} })), ["flow-runs", name], ["flows"]);
  const pause = useAct((on: boolean) => (on ? data(api.POST("/v1/flows/{name}/pause", at)) : data(api.POST("/v1/flows/{name}/resume", { ...at, body: {} as never }))), ["flows"]);
  const remove = useAct(() => data(api.DELETE("/v1/flows/{name}", at)), ["flows"]);
  if (read.error) return <Page title="Flow"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  const f = read.data;
  if (!f) return <Loading rows={8} />;
  const open = tab === "document" ? "document" : "runs";
  return (
    <Page
      crumbs={<Link to="/flows" className="hover:underline">Flows</Link>}
      title={<>{f.title || f.name} {f.paused ? <Badge tone="warn">Paused</Badge> : null}</>}
      actions={
        <>
          <Button look="danger" onClick={() => ask("delete")}>Delete</Button>
          <Button busy={pause.isPending} onClick={() => pause.mutate(!f.paused)}>{f.paused ? "Resume" : "Pause"}</Button>
          <Button look="main" onClick={() => ask("run")}>
            <Play size={14} aria-hidden />
            Run now
          </Button>
        </>
      }
    >
      {f.trigger.reason ? <Notice tone="warn" title={f.trigger.reason.detail || words(f.trigger.reason.code)} /> : null}
      <Failure error={pause.error} />
      <Panel>
        <Facts
          of={[
            ["Begins", f.trigger.kind === "manual" ? "By hand" : `By ${f.trigger.kind}`],
            ["Last run", <Time key="f" at={f.trigger.fired_at} />],
            ["Next", <Time key="n" at={f.paused ? null : f.trigger.next_at} none="–" />],
            ["Version", `${f.version}`],
            ["Under way", `${f.open_runs.running} running, ${f.open_runs.waiting} waiting, ${f.open_runs.queued} queued`],
            ["Name", <code key="c" className="font-mono text-xs">{f.name}</code>],
          ]}
        />
      </Panel>
      <Tabs
        open={open}
        of={[{ id: "runs", name: "Runs" }, { id: "document", name: "What it does" }]}
        link={(t, className, children) => (
          <Link to="/flows/$name" params={{ name }} search={{ tab: t.id }} replace className={className} aria-current={t.id === open ? "page" : undefined}>{children}</Link>
        )}
      />
      {open === "runs" ? <Runs name={name} /> : <Suspense fallback={<Loading />}><Builder of={f} saved={() => void read.refetch()} /></Suspense>}
      <Confirm
        open={asked === "run"}
        onClose={() => ask(undefined)}
        title={`Run ${f.title || f.name} now?`}
        label="Run it"
        act={async () => {
          const begun = await run.mutateAsync(undefined);
          void navigate({ to: "/flows/$name/runs/$id", params: { name, id: begun.id } });
        }}
      >
        <p>It does what its document says, for real: what it writes goes to the systems. A test run shows the same and writes nothing.</p>
      </Confirm>
      <Confirm
        open={asked === "delete"}
        onClose={() => ask(undefined)}
        title={`Delete ${f.title || f.name}?`}
        label="Delete"
        danger
        type={f.name}
        act={async () => {
          await remove.mutateAsync(undefined);
          void navigate({ to: "/flows" });
        }}
      >
        <p>It begins no more runs, and those under way are cancelled: what they have written stays written.</p>
      </Confirm>
    </Page>
  );
}

function Runs({ name }: { name: string }) {
  const [state, setState] = useState("");
  const list = useInfiniteQuery({ ...flowRuns(name, state), refetchInterval: 5000 });
  const columns: Column<Schema<"FlowRun">>[] = [
    {
      name: "Begun",
      width: "minmax(8rem,1fr)",
      cell: (r) => (
        <Link to="/flows/$name/runs/$id" params={{ name, id: r.id }} className="font-semibold text-ink hover:underline"><Time at={r.created_at} /></Link>
      ),
    },
    { name: "State", width: "minmax(7rem,1fr)", cell: (r) => (r.paused ? <Badge tone="warn">Paused</Badge> : <State state={r.state} />) },
    { name: "Items", width: "minmax(9rem,2fr)", cell: (r) => <Counts of={r.counts} /> },
    { name: "Why", width: "minmax(8rem,1.5fr)", wide: true, cell: (r) => <span className="text-muted" title={r.reason?.detail}>{r.reason?.detail || (r.reason ? words(r.reason.code) : "")}</span> },
    { name: "Begun by", width: "6rem", wide: true, cell: (r) => words(r.trigger) },
    { name: "Version", width: "4.5rem", wide: true, right: true, cell: (r) => r.version },
  ];
  return (
    <Panel
      flush
      title="Runs"
      actions={
        <SelectField label="State" hideLabel value={state} onChange={(e) => setState(e.target.value)}>
          <option value="">Every state</option>
          {["queued", "running", "waiting", "completed", "failed", "cancelled"].map((s) => (
            <option key={s} value={s}>{words(s)}</option>
          ))}
        </SelectField>
      }
    >
      {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
      <Grid
        label="Runs"
        rows={list.data?.pages.flatMap((p) => p.data) ?? []}
        columns={columns}
        id={(r) => r.id}
        more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
        loading={list.isFetching}
        empty={<Empty title={state ? "No run is in this state" : "It has not run yet"} />}
      />
    </Panel>
  );
}
