import { useInfiniteQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { audit } from "@/api/queries";
import { words } from "@/ui/badge";
import { type Column, Grid } from "@/ui/grid";
import { Page, Panel } from "@/ui/panel";
import { Empty, Failure } from "@/ui/say";
import { Time } from "@/ui/time";

const columns: Column<Schema<"Entry">>[] = [
  { name: "When", width: "7.5rem", cell: (e) => <Time at={e.done_at} /> },
  { name: "What", width: "minmax(9rem,1.5fr)", cell: (e) => <span className="font-semibold">{words(e.action)}</span> },
  { name: "Who", width: "minmax(8rem,1.2fr)", cell: (e) => <span title={`${e.actor} ${e.actor_id}`}>{e.actor_name || words(e.actor)}</span> },
  { name: "To what", width: "minmax(8rem,1.5fr)", wide: true, cell: (e) => <span title={e.target_id}>{words(e.target)} <code className="font-mono text-xs text-muted">{e.target_id}</code></span> },
  { name: "Fields", width: "minmax(6rem,1fr)", wide: true, cell: (e) => <span className="text-muted" title={e.fields?.join(", ")}>{e.fields?.join(", ")}</span> },
  { name: "From", width: "8rem", wide: true, cell: (e) => <span className="font-mono text-xs">{e.address}</span> },
];

export default function Audit() {
  const list = useInfiniteQuery(audit);
  return (
    <Page title="Audit log" lead="Every act that needs a right, with who did it. Entries are chained: one that is changed or taken out shows.">
      <Panel flush>
        {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
        <Grid
          label="Audit log"
          rows={list.data?.pages.flatMap((p) => p.data) ?? []}
          columns={columns}
          id={(e) => String(e.n)}
          more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
          loading={list.isFetching}
          rowHeight={42}
          empty={<Empty title="Nothing was done yet" />}
        />
      </Panel>
    </Page>
  );
}
