import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Problem, Schema } from "@/api/client";
import { flowItems } from "@/api/flows";
import { useRows } from "@/api/rows";
import { State, words } from "@/ui/badge";
import { SelectField } from "@/ui/field";
import { type Column, Grid } from "@/ui/grid";
import { Panel } from "@/ui/panel";
import { Empty, Failure } from "@/ui/say";
import { ago, Time } from "@/ui/time";
import { isOpen, nameOfStep } from "./begins";

type Item = Schema<"FlowItem">;

interface Search {
  step?: string;
  status?: string;
  item?: string;
}

/** problemIn reads the problem of an item. */
export const problemIn = (v: unknown) => (v ? (v as Problem & { step?: string }) : undefined);

const waiting: Record<string, string> = {
  operation: "the write that it has made to end", request: "its request to be answered", notify: "its notice to be taken", call: "the run that it has called to end", each: "its items to end",
  time: "a time", claim: "another item, which makes the record of its key", record: "the record that it has made to be brought by a sync",
};

/** waitsFor says in words what an item waits for, and until when. */
export function waitsFor(i: Pick<Item, "waits" | "due_at">): string {
  if (!i.waits) return "";
  const until = i.due_at ? (i.waits === "time" ? `, ${ago(new Date(i.due_at), Date.now())}` : `; it looks again ${ago(new Date(i.due_at), Date.now())}`) : "";
  return `Waits for ${waiting[i.waits] ?? i.waits}${until}`;
}

const columns = (name: string, id: string, search: Search): Column<Item>[] => [
  { name: "Item", width: "minmax(7rem,2fr)", cell: (i) => {
    const label = i.step === "-" ? nameOfStep(i.step) : i.key || `#${i.n}`;
    return <Link to="/flows/$name/runs/$id" params={{ name, id }} search={{ ...search, item: `${i.step}/${i.n}` }} replace resetScroll={false} title={label} className="font-semibold text-ink hover:underline">{label}</Link>;
  } },
  { name: "Step", width: "minmax(6rem,1fr)", wide: true, cell: (i) => (i.step === "-" ? "" : i.step) },
  { name: "Status", width: "6.5rem", cell: (i) => <State state={i.status} /> },
  { name: "Why", width: "minmax(6rem,3fr)", cell: (i) => {
    const why = problemIn(i.error)?.detail ?? waitsFor(i);
    return <span title={why} className="text-muted">{why}</span>;
  } },
  { name: "Tries", width: "4rem", wide: true, right: true, cell: (i) => i.attempts },
  { name: "When", width: "7rem", wide: true, right: true, cell: (i) => <Time at={i.updated_at} /> },
];

/** Items lists what became of each item of a run. */
export function Items({ name, run: r, search, look }: { name: string; run: Schema<"FlowRunDetail">; search: Search; look: (change: Search) => void }) {
  const list = useInfiniteQuery(flowItems(name, r.id, search.step ?? "", search.status ?? ""));
  const rows = useRows(list.data);
  const narrowed = Boolean(search.step ?? search.status);
  return (
    <Panel
      flush
      title="Items"
      actions={
        <>
          <SelectField label="Step" hideLabel value={search.step ?? ""} onChange={(e) => look({ step: e.target.value || undefined })}>
            <option value="">Every step</option>
            {r.steps.map((s) => (
              <option key={s.step} value={s.step}>{nameOfStep(s.step)}</option>
            ))}
          </SelectField>
          <SelectField label="Status" hideLabel value={search.status ?? ""} onChange={(e) => look({ status: e.target.value || undefined })}>
            <option value="">Every status</option>
            {["failed", "running", "pending", "ok", "skipped", "cancelled"].map((s) => (
              <option key={s} value={s}>{words(s)}</option>
            ))}
          </SelectField>
        </>
      }
    >
      {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
      <Grid
        label="Items"
        rows={rows}
        columns={columns(name, r.id, search)}
        id={(i) => `${i.step}/${i.n}`}
        more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
        loading={list.isPending || list.isFetchingNextPage}
        empty={
          list.error ? null
          : narrowed ? <Empty title="No item of this kind">Choose every step and every status to see all.</Empty>
          : <Empty title="Nothing is taken in yet">{isOpen(r.state) ? "Items come here as the run takes them in." : "The run ended before it took anything in; the reason stands above."}</Empty>
        }
      />
    </Panel>
  );
}
