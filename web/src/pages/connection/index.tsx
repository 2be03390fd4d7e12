import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { connection, health } from "@/api/queries";
import { State } from "@/ui/badge";
import { Facts, Page, Panel } from "@/ui/panel";
import { Failure, Loading, Notice } from "@/ui/say";
import { Tabs } from "@/ui/tabs";
import { Time } from "@/ui/time";
import { Acts } from "./acts";
import { Streams } from "./streams";

const route = getRouteApi("/connections/$id");

const parts = {
  streams: Streams,
  runs: lazy(() => import("./runs")),
  tokens: lazy(() => import("./tokens")),
  capabilities: lazy(() => import("./capabilities")),
};

export default function Connection() {
  const { id } = route.useParams();
  const { tab } = route.useSearch();
  const read = useQuery(connection(id));
  const well = useQuery(health(id));
  if (read.error) return <Page title="Connection"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  const c = read.data;
  if (!c) return <Loading rows={8} />;
  const open = tab && tab in parts ? (tab as keyof typeof parts) : "streams";
  const Part = parts[open];
  const bad = ["unreachable", "needs_reauthorization", "disconnected"].includes(c.status);
  const waiting = well.data?.entities.reduce((sum, e) => sum + e.held_deletions + e.quarantined, 0);
  return (
    <Page
      crumbs={<Link to="/connections" className="hover:underline">Connections</Link>}
      title={<>{c.name} <State state={c.status} /></>}
      actions={<Acts of={c} />}
    >
      {c.status_detail && c.status !== "active" ? (
        <Notice tone={bad ? "bad" : "warn"} title={c.status_detail}>
          {well.data?.next_step ? <p>{well.data.next_step}</p> : null}
        </Notice>
      ) : null}
      <Panel>
        <Facts
          of={[
            ["System", `${c.system_name}${c.system_version ? ` ${c.system_version}` : ""}`],
            ["Logs in by", c.auth_method],
            ["Last success", <Time key="last" at={c.last_success_at} />],
            ["In this state since", <Time key="since" at={c.status_since} />],
            ["Time zone", c.time_zone],
            ["Id", <code key="id" className="font-mono text-xs select-all">{c.id}</code>],
          ]}
        />
      </Panel>
      <Tabs
        open={open}
        of={[
          { id: "streams", name: "Streams", count: waiting },
          { id: "runs", name: "Sync runs" },
          { id: "tokens", name: "Tokens" },
          { id: "capabilities", name: "Capabilities" },
        ]}
        link={(t, className, children) => (
          <Link to="/connections/$id" params={{ id }} search={{ tab: t.id }} replace className={className} aria-current={t.id === open ? "page" : undefined}>
            {children}
          </Link>
        )}
      />
      <Suspense fallback={<Loading />}>
        <Part of={c} />
      </Suspense>
    </Page>
  );
}
