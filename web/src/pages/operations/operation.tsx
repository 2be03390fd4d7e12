import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, of, type Schema } from "@/api/client";
import { operation, operationItems } from "@/api/queries";
import { State, words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm, Dialog } from "@/ui/dialog";
import { SelectField, TextField } from "@/ui/field";
import { type Column, Grid } from "@/ui/grid";
import { Facts, Page, Panel } from "@/ui/panel";
import { Empty, Failure, Loading } from "@/ui/say";
import { Time } from "@/ui/time";
import { Outcome } from "./index";

type Item = Schema<"OperationItem">;

const route = getRouteApi("/operations/$connection/$id");
const statuses = ["failed", "needs_human", "rejected", "unknown", "pending", "sending", "reconciling", "applied", "cancelled"] as const;

export default function OneOperation() {
  const { connection, id } = route.useParams();
  const read = useQuery(operation(connection, id));
  const [status, setStatus] = useState("");
  const items = useInfiniteQuery({ ...operationItems(connection, id, status), refetchInterval: read.data && ["queued", "running"].includes(read.data.state) ? 2500 : false });
  const [asked, ask] = useState<"retry" | "cancel">();
  const [deciding, decide] = useState<Item>();
  const params = { params: { header: of(connection), path: { id } } };
  const retry = useAct(() => data(api.POST("/v1/operations/{id}/retry", params)), ["operations", connection]);
  const cancel = useAct(() => data(api.POST("/v1/operations/{id}/cancel", params)), ["operations", connection]);
  if (read.error) return <Page title="Operation"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  const o = read.data;
  if (!o) return <Loading rows={8} />;
  const open = ["queued", "running"].includes(o.state);
  const columns: Column<Item>[] = [
    { name: "#", width: "4rem", cell: (i) => <span className="text-muted tabular-nums">{i.index}</span> },
    { name: "Your reference", width: "minmax(7rem,1fr)", wide: true, cell: (i) => i.client_ref || <span className="text-muted">–</span> },
    { name: "Op", width: "5rem", wide: true, cell: (i) => words(i.op) },
    { name: "Status", width: "minmax(7rem,1fr)", cell: (i) => <State state={i.status} /> },
    {
      name: "Record or reason",
      width: "minmax(10rem,2.5fr)",
      cell: (i) =>
        i.error ? <span title={i.error.detail}>{i.error.detail || i.error.title}</span>
        : i.id ? <Link to="/records/$connection/$entity/$id" params={{ connection, entity: o.entity, id: i.id }} className="font-mono text-xs text-ink hover:underline">{i.remote_id ?? i.id}</Link>
        : <span className="text-muted">–</span>,
    },
    { name: "Tries", width: "4rem", wide: true, right: true, cell: (i) => i.attempts },
    { name: "", width: "6rem", right: true, cell: (i) => (i.status === "needs_human" ? <Button size="small" look="main" onClick={() => decide(i)}>Decide</Button> : null) },
  ];
  return (
    <Page
      crumbs={<Link to="/operations" search={{ connection }} className="hover:underline">Operations</Link>}
      title={<>{o.kind === "batch" ? `Batch of ${o.total.toLocaleString()}` : words(o.item?.op ?? "write")} · {words(o.entity).toLowerCase()} <State state={o.state} /></>}
      actions={
        <>
          <a className="px-2 text-sm text-ink hover:underline" href={`/v1/operations/${id}/items.csv`} hidden>Download</a>
          {!open && o.counts.rejected + o.counts.cancelled > 0 ? <Button onClick={() => ask("retry")}>Retry what failed</Button> : null}
          {open ? <Button look="danger" disabled={o.cancel_requested} onClick={() => ask("cancel")}>{o.cancel_requested ? "Cancelling…" : "Cancel"}</Button> : null}
        </>
      }
    >
      <Panel>
        <div className="mb-4 space-y-2">
          <div role="progressbar" aria-label="Progress" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(o.progress * 100)} className="h-2 overflow-hidden rounded-full bg-sunken">
            <div className="h-full bg-accent transition-[width]" style={{ width: `${o.progress * 100}%` }} />
          </div>
          <Outcome of={o.counts} />
        </div>
        <Facts
          of={[
            ["Begun", <Time key="b" at={o.created_at} />],
            ["Ended", <Time key="e" at={o.finished_at} none={o.expected_at ? "not yet" : "not yet"} />],
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
          <SelectField label="Status" hideLabel value={status} onChange={(e) => setStatus(e.target.value)}>
            <option value="">Every status</option>
            {statuses.map((s) => (
              <option key={s} value={s}>{words(s)}</option>
            ))}
          </SelectField>
        }
      >
        {items.error ? <div className="p-4"><Failure error={items.error} again={() => void items.refetch()} /></div> : null}
        <Grid
          label="Items"
          rows={items.data?.pages.flatMap((p) => p.data) ?? []}
          columns={columns}
          id={(i) => String(i.index)}
          more={items.hasNextPage ? () => void items.fetchNextPage() : undefined}
          loading={items.isFetching}
          empty={<Empty title="No item has this status" />}
        />
      </Panel>
      <Confirm open={asked === "retry"} onClose={() => ask(undefined)} title="Retry what failed?" label="Retry" act={() => retry.mutateAsync(undefined)}>
        <p>What the system refused, and what was cancelled before it was sent, is tried once more in a new operation. What was written is left alone, and so is what nobody knows the outcome of.</p>
      </Confirm>
      <Confirm open={asked === "cancel"} onClose={() => ask(undefined)} title="Cancel this operation?" label="Cancel it" danger act={() => cancel.mutateAsync(undefined)}>
        <p>What was not sent yet is not sent any more. What is written stays written.</p>
      </Confirm>
      {deciding ? <Decide connection={connection} operation={o} item={deciding} onClose={() => decide(undefined)} /> : null}
    </Page>
  );
}

/** Decide lets a person say what became of a write of which nobody could find out. */
function Decide({ connection, operation: o, item, onClose }: { connection: string; operation: Schema<"Operation">; item: Item; onClose: () => void }) {
  const [outcome, setOutcome] = useState<"happened" | "not_happened">("happened");
  const [remote, setRemote] = useState("");
  const act = useAct(
    () => data(api.POST("/v1/operations/{id}/items/{n}/resolve", { params: { header: of(connection), path: { id: o.id, n: item.index } }, body: { outcome, ...(outcome === "happened" && remote ? { remote_id: remote } : {}) } })),
    ["operations", connection],
  );
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    await act.mutateAsync(undefined).then(onClose, () => undefined);
  };
  return (
    <Dialog open title="Did it happen?" onClose={onClose}>
      <form onSubmit={(e) => void submit(e)} className="space-y-4">
        <p className="text-sm">{item.error?.detail ?? "The system gave no answer that tells."} Look in the system, then say what you see there.</p>
        <fieldset className="space-y-2 text-sm">
          <legend className="mb-1 font-semibold">In the system</legend>
          {(["happened", "not_happened"] as const).map((o) => (
            <label key={o} className="flex items-center gap-2">
              <input type="radio" name="outcome" className="size-4" checked={outcome === o} onChange={() => setOutcome(o)} />
              {o === "happened" ? "the write is there" : "the write is not there"}
            </label>
          ))}
        </fieldset>
        {outcome === "happened" && item.op === "create" ? <TextField label="Its number in the system" value={remote} onChange={(e) => setRemote(e.target.value)} required help="As the system names the record, so that Busbar finds it." /> : null}
        {outcome === "not_happened" ? <p className="text-sm text-muted">It counts as rejected then. Retry it from this page if it is still wanted.</p> : null}
        <Failure error={act.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={act.isPending}>That is so</Button>
        </div>
      </form>
    </Dialog>
  );
}
