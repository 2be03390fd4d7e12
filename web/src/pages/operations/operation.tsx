import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, of, type Schema } from "@/api/client";
import { me, operation, operationItems } from "@/api/queries";
import { useRows } from "@/api/rows";
import { State, words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { SelectField } from "@/ui/field";
import { type Column, Grid } from "@/ui/grid";
import { count } from "@/ui/number";
import { Facts, Page, Panel } from "@/ui/panel";
import { Empty, Failure, Loading } from "@/ui/say";
import { Time } from "@/ui/time";
import { Download } from "./download";
import { Outcome } from "./index";
import { Decide, ItemDetail } from "./item";

type Item = Schema<"OperationItem">;

const route = getRouteApi("/operations/$connection/$id");
const statuses = ["failed", "needs_human", "rejected", "unknown", "pending", "sending", "reconciling", "applied", "cancelled"] as const;

export default function OneOperation() {
  const { connection, id } = route.useParams();
  const read = useQuery(operation(connection, id));
  const [status, setStatus] = useState("");
  const items = useInfiniteQuery(operationItems(connection, id, status));
  const rows = useRows(items.data);
  const [asked, ask] = useState<"retry" | "cancel">();
  const [deciding, decide] = useState<Item>();
  const [looking, look] = useState<Item>();
  const { data: who } = useSuspenseQuery(me);
  const params = { params: { header: of(connection), path: { id } } };
  const retry = useAct(() => data(api.POST("/v1/operations/{id}/retry", params)), ["operations", connection]);
  const cancel = useAct(() => data(api.POST("/v1/operations/{id}/cancel", params)), ["operations", connection]);
  if (read.error) return <Page title="Operation"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  const o = read.data;
  if (!o) return <Loading rows={8} />;
  const writes = who.member?.role !== "viewer";
  const open = ["queued", "running"].includes(o.state);
  const columns: Column<Item>[] = [
    { name: "#", width: "4rem", cell: (i) => <button type="button" className="text-ink tabular-nums hover:underline" aria-label={`Look into item ${i.index}`} onClick={() => look(i)}>{i.index}</button> },
    { name: "Your reference", width: "minmax(7rem,1fr)", wide: true, cell: (i) => i.client_ref || <span className="text-muted">–</span> },
    { name: "Op", width: "5rem", wide: true, cell: (i) => words(i.op) },
    { name: "Status", width: "minmax(7rem,1fr)", cell: (i) => <State state={i.status} /> },
    {
      name: "Record or reason",
      width: "minmax(10rem,2.5fr)",
      cell: (i) =>
        i.error ? <button type="button" className="max-w-full truncate text-left text-ink hover:underline" title={i.error.detail} onClick={() => look(i)}>{i.error.errors?.[0]?.pointer ? `${i.error.errors[0].pointer}: ` : ""}{i.error.errors?.[0]?.detail || i.error.detail || i.error.title}</button>
        : i.id ? <Link to="/records/$connection/$entity/$id" params={{ connection, entity: o.entity, id: i.id }} className="font-mono text-xs text-ink hover:underline">{i.remote_id ?? i.id}</Link>
        : <span className="text-muted">–</span>,
    },
    { name: "Tries", width: "4rem", wide: true, right: true, cell: (i) => i.attempts },
    { name: "", width: "6rem", right: true, cell: (i) => (writes && ["needs_human", "unknown"].includes(i.status) ? <Button size="small" look="main" onClick={() => decide(i)}>Decide</Button> : null) },
  ];
  return (
    <Page
      crumbs={<Link to="/operations" search={{ connection }} className="hover:underline">Operations</Link>}
      title={<>{o.kind === "batch" ? `Batch of ${count(o.total)}` : words(o.item?.op ?? "write")} · {words(o.entity).toLowerCase()} <State state={o.state} /></>}
      actions={
        <>
          {writes && !open && o.counts.rejected + o.counts.cancelled > 0 ? <Button onClick={() => ask("retry")}>Retry what failed</Button> : null}
          {writes && open ? <Button look="danger" disabled={o.cancel_requested} onClick={() => ask("cancel")}>{o.cancel_requested ? "Cancelling…" : "Cancel"}</Button> : null}
        </>
      }
    >
      <Panel>
        <div className="mb-4 space-y-2">
          <div role="progressbar" aria-label="Progress" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(o.progress * 100)} className="h-2 overflow-hidden rounded-full bg-sunken">
            <div className="h-full bg-accent transition-[width]" style={{ width: `${o.progress * 100}%` }} />
          </div>
          <Outcome of={o.counts} />
          {o.reason ? <p className="text-sm"><strong>{open ? "It waits." : "It was cancelled."}</strong> {o.reason.detail}</p> : null}
        </div>
        <Facts
          of={[
            ["Begun", <Time key="b" at={o.created_at} />],
            ["Ended", <Time key="e" at={o.finished_at} none="not yet" />],
            ...(o.expected_at ? [["Expected to end", <Time key="x" at={o.expected_at} />] as [string, ReactNode]] : []),
            ...(o.items_per_second ? [["Speed", `${o.items_per_second.toFixed(1)} a second`] as [string, ReactNode]] : []),
            ["Mode", words(o.mode)],
            ["Request", <code key="r" className="font-mono text-xs select-all">{o.request_id}</code>],
            ["Id", <code key="i" className="font-mono text-xs select-all">{o.id}</code>],
          ]}
        />
      </Panel>
      <Panel
        flush
        title="Items"
        actions={
          <>
          <SelectField label="Status" hideLabel value={status} onChange={(e) => setStatus(e.target.value)}>
            <option value="">Every status</option>
            {statuses.map((s) => (
              <option key={s} value={s}>{words(s)}</option>
            ))}
          </SelectField>
          <Download connection={connection} id={id} status={status} />
          </>
        }
      >
        {items.error ? <div className="p-4"><Failure error={items.error} again={() => void items.refetch()} /></div> : null}
        <Grid
          label="Items"
          rows={rows}
          columns={columns}
          id={(i) => String(i.index)}
          more={items.hasNextPage ? () => void items.fetchNextPage() : undefined}
          loading={items.isFetching}
          empty={<Empty title="No item has this status" />}
        />
      </Panel>
      <Confirm open={asked === "retry"} onClose={() => ask(undefined)} title="Retry what failed?" label="Retry" act={() => retry.mutateAsync(undefined)}>
        <p>What the system refused, and what was cancelled before it was sent, is sent once more, in this operation. What could not be read as a write stays refused: mend it in your file and send that. What was written is left alone, and so is what nobody knows the outcome of.</p>
      </Confirm>
      <Confirm open={asked === "cancel"} onClose={() => ask(undefined)} title="Cancel this operation?" label="Cancel it" danger act={() => cancel.mutateAsync(undefined)}>
        <p>What was not sent yet is not sent any more. What is written stays written.</p>
      </Confirm>
      {looking ? <ItemDetail connection={connection} operation={o} item={looking} onClose={() => look(undefined)} /> : null}
      {deciding ? <Decide connection={connection} operation={o} item={deciding} onClose={() => decide(undefined)} /> : null}
    </Page>
  );
}
