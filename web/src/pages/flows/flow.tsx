import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useAct } from "@/api/acts";
import { api, data } from "@/api/client";
import { flow, lastRun } from "@/api/flows";
import { useMay } from "@/api/may";
import { Badge, words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Facts, Page, Panel } from "@/ui/panel";
import { Failure, Loading, Notice } from "@/ui/say";
import { Tabs } from "@/ui/tabs";
import { Time } from "@/ui/time";
import { GoOn, Remove } from "./acts";
import { begins } from "./begins";
import { Counts } from "./counts";
import { Runs } from "./runs";
import { Versions } from "./versions";
import { Webhook } from "./webhook";

const route = getRouteApi("/flows/$name");
const Builder = lazy(() => import("./builder"));
const Begin = lazy(() => import("./begin"));
const tabs = [{ id: "runs", name: "Runs" }, { id: "document", name: "What it does" }, { id: "versions", name: "Versions" }];

export default function OneFlow() {
  const { name } = route.useParams();
  const { tab } = route.useSearch();
  const read = useQuery(flow(name));
  const last = useQuery(lastRun(name, read.data?.trigger.run ?? "")).data;
  const [asked, ask] = useState<"run" | "delete" | "resume">();
  const may = useMay();
  const [mayRun, mayChange] = [may("run"), may("flows")];
  const pause = useAct(() => data(api.POST("/v1/flows/{name}/pause", { params: { path: { name } } })), ["flows"]);
  if (read.error && !read.data) return <Page title="Flow"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  const f = read.data;
  if (!f) return <Loading rows={8} />;
  const open = tabs.find((t) => t.id === tab)?.id ?? "runs";
  const close = () => ask(undefined);
  return (
    <Page
      crumbs={<Link to="/flows" className="hover:underline">Flows</Link>}
      title={<><span className="min-w-0">{f.title || f.name}</span> {f.paused ? <Badge tone="warn">Paused</Badge> : null}</>}
      actions={
        <>
          {mayChange ? <Button look="danger" onClick={() => ask("delete")}>Delete</Button> : null}
          {mayRun ? <Button busy={pause.isPending} onClick={() => (f.paused ? ask("resume") : pause.mutate(undefined))}>{f.paused ? "Resume" : "Pause"}</Button> : null}
          {mayRun ? <Button look="main" onClick={() => ask("run")}><Play size={14} aria-hidden />Run now</Button> : null}
        </>
      }
    >
      {f.trigger.reason ? <Notice tone="warn" title={f.trigger.reason.detail || words(f.trigger.reason.code)}>{f.trigger.skipped_at ? <p>It skipped a run <Time at={f.trigger.skipped_at} />.</p> : null}</Notice> : null}
      {f.paused ? <Notice tone="quiet" title="It is paused">Nothing begins it by itself. Runs that are under way go on, and “Run now” works.</Notice> : null}
      <Failure error={pause.error ?? read.error} />
      <Panel>
        <Facts
          of={[
            ["Begins", begins(f.trigger)],
            ["Last run", <Time key="f" at={f.trigger.fired_at} />],
            ["What became of it", last ? <Counts key="c" of={last.counts} /> : "–"],
            ["Next", <Time key="n" at={f.paused ? null : f.trigger.next_at} none="–" />],
            ["Version", String(f.version)],
            ["Under way", Object.entries(f.open_runs).filter(([, n]) => n > 0).map(([s, n]) => `${n} ${s}`).join(", ") || "nothing"],
            ["Name", <code key="c" className="font-mono text-xs">{f.name}</code>],
          ]}
        />
      </Panel>
      {f.trigger.kind === "webhook" ? <Webhook of={f} may={mayChange} /> : null}
      <Tabs
        open={open}
        of={tabs}
        link={(t, className, children) => (
          <Link to="/flows/$name" params={{ name }} search={{ tab: t.id }} replace className={className} aria-current={t.id === open ? "page" : undefined}>{children}</Link>
        )}
      />
      {open === "runs" ? <Runs name={name} begin={mayRun ? () => ask("run") : undefined} /> : null}
      {open === "document" ? <Suspense fallback={<Loading />}><Builder key={f.name} of={f} saved={() => void read.refetch()} /></Suspense> : null}
      {open === "versions" ? <Versions key={f.version} of={f} /> : null}
      {asked === "run" ? <Suspense><Begin of={f} onClose={close} /></Suspense> : null}
      <Remove of={f} open={asked === "delete"} onClose={close} />
      <GoOn of={f} open={asked === "resume"} onClose={close} />
    </Page>
  );
}
