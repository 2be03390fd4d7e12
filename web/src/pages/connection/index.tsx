import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import type { Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { connection, health } from "@/api/queries";
import { State } from "@/ui/badge";
import { Facts, Page, Panel } from "@/ui/panel";
import { Failure, Loading, Notice } from "@/ui/say";
import { Tabs } from "@/ui/tabs";
import { Time } from "@/ui/time";
import { Acts } from "./acts";
import { Pending } from "./pending";
import { Streams } from "./streams";

const route = getRouteApi("/connections/$id");

const parts = {
  streams: Streams,
  runs: lazy(() => import("./runs")),
  health: lazy(() => import("./health")),
  settings: lazy(() => import("./settings")),
  tokens: lazy(() => import("./tokens")),
  capabilities: lazy(() => import("./capabilities")),
};

export default function Connection() {
  const { id } = route.useParams();
  const { tab } = route.useSearch();
  const read = useQuery(connection(id));
  const well = useQuery(health(id));
  const may = useMay();
  if (read.error) return <Page title="Connection"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  const c = read.data;
  if (!c) return <Loading rows={8} />;
  const open = tab && tab in parts ? (tab as keyof typeof parts) : "streams";
  const Part = parts[open];
  const waiting = well.data?.entities.filter((e) => e.held_deletions || e.quarantined || e.error).length;
  return (
    <Page
      crumbs={<Link to="/connections" className="hover:underline">Connections</Link>}
      title={<>{c.name} <State state={c.status} /></>}
      actions={<Acts of={c} />}
    >
      <Why of={c} health={well.data} />
      <Panel>
        <Facts
          of={[
            ["System", `${c.system_name}${c.system_version ? ` ${c.system_version}` : ""}`],
            ["At", c.fields.url ?? c.fields.host ?? "–"],
            ["Last success", <Time key="last" at={c.last_success_at} />],
            ["In this state since", <Time key="since" at={c.status_since} />],
            ["Tags", c.tags.join(", ") || <span key="none" className="text-muted">none</span>],
            ["Id", <code key="id" className="font-mono text-xs select-all">{c.id}</code>],
          ]}
        />
      </Panel>
      <Tabs
        open={open}
        of={[
          { id: "streams", name: "Streams", count: waiting },
          { id: "runs", name: "Sync runs" },
          { id: "health", name: "Health" },
          ...(may("connect") ? [{ id: "tokens", name: "Tokens" }] : []),
          { id: "capabilities", name: "Capabilities" },
          { id: "settings", name: "Settings" },
        ]}
        link={(t, className, children) => (
          <Link to="/connections/$id" params={{ id }} search={{ tab: t.id }} replace className={className} aria-current={t.id === open ? "page" : undefined}>
            {children}
          </Link>
        )}
      />
      {c.status === "pending" ? <Pending of={c} /> : null}
      <Suspense fallback={<Loading />}>
        <Part of={c} />
      </Suspense>
    </Page>
  );
}

/** Why says what is wrong with a connection, and what to do. */
function Why({ of: c, health: h }: { of: Schema<"Connection">; health?: Schema<"Health"> }) {
  if (c.deleting_at) return <Notice tone="bad" title="Its data are being deleted"><p>Asked for <Time at={c.deleting_at} />. When nothing is left, the connection is gone.</p></Notice>;
  if (c.status === "active" || !c.status_detail) return null;
  const bad = ["unreachable", "needs_reauthorization", "disconnected"].includes(c.status);
  return (
    <Notice tone={bad ? "bad" : c.status === "degraded" ? "warn" : "quiet"} title={c.status_detail}>
      {h?.next_step && h.next_step !== c.status_detail ? <p>{h.next_step}</p> : null}
      {h?.next_look_at ? <p>Busbar looks again <Time at={h.next_look_at} />.</p> : null}
    </Notice>
  );
}
