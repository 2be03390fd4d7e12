import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import type { Schema } from "@/api/client";
import { flows } from "@/api/flows";
import { Badge, words } from "@/ui/badge";
import { button } from "@/ui/button";
import { type Column, Grid } from "@/ui/grid";
import { Page, Panel } from "@/ui/panel";
import { Empty, Failure } from "@/ui/say";
import { Time } from "@/ui/time";

const columns: Column<Schema<"Flow">>[] = [
  {
    name: "Flow",
    width: "minmax(12rem,2.5fr)",
    cell: (f) => (
      <Link to="/flows/$name" params={{ name: f.name }} className="font-semibold text-ink hover:underline">{f.title || f.name}</Link>
    ),
  },
  { name: "Begins", width: "minmax(7rem,1fr)", cell: (f) => (f.paused ? <Badge tone="warn">Paused</Badge> : f.trigger.kind === "manual" ? "By hand" : `By ${words(f.trigger.kind).toLowerCase()}`) },
  { name: "Last run", width: "8rem", wide: true, cell: (f) => <Time at={f.trigger.fired_at} /> },
  { name: "Next", width: "8rem", wide: true, cell: (f) => <Time at={f.paused ? null : f.trigger.next_at} none="–" /> },
  { name: "Why it rests", width: "minmax(8rem,1.5fr)", wide: true, cell: (f) => <span className="text-muted" title={f.trigger.reason?.detail}>{f.trigger.reason?.detail}</span> },
  { name: "Version", width: "5rem", wide: true, right: true, cell: (f) => f.version },
];

export default function Flows() {
  const list = useInfiniteQuery(flows);
  const add = (
    <Link to="/flows/new" className={button({ look: "main" })}>
      <Plus size={16} aria-hidden />
      New flow
    </Link>
  );
  return (
    <Page title="Flows" lead="What moves records between systems by itself: each night, on a change, or when it is called." actions={add}>
      <Panel flush>
        {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
        <Grid
          label="Flows"
          rows={list.data?.pages.flatMap((p) => p.data) ?? []}
          columns={columns}
          id={(f) => f.name}
          more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
          loading={list.isFetching}
          empty={<Empty title="No flow yet" action={add}>A flow says what becomes of records: for example, every approved requisition in the CMMS becomes a purchase order in the ERP. Begin with one of those that are there to begin with.</Empty>}
        />
      </Panel>
    </Page>
  );
}
