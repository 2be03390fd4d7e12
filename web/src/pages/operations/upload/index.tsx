import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { FileUp } from "lucide-react";
import { type DragEvent, useId, useMemo, useState } from "react";
import type { Schema } from "@/api/client";
import { capabilities } from "@/api/queries";
import { words } from "@/ui/badge";
import { ConnectionField, useConnections } from "@/ui/chooser";
import { cx } from "@/ui/cx";
import { SelectField } from "@/ui/field";
import { count } from "@/ui/number";
import { Page, Panel } from "@/ui/panel";
import { Failure, Notice } from "@/ui/say";
import { Columns } from "./columns";
import { styleOf } from "./convert";
import type { Plan } from "./items";
import { Preview, useBeginning } from "./preview";
import { Send } from "./send";
import { type Format, type Sniffed, sniff } from "./source";
import { guess, missing, type Op, targetsOf } from "./targets";

const route = getRouteApi("/operations/upload");
const ops: Op[] = ["create", "update", "delete"];
const does: Record<Op, string> = { create: "Create new records", update: "Change records", delete: "Delete records" };

interface Chosen extends Sniffed {
  file: File;
}

/** Upload sends the records of a file as a batch: what its columns mean is chosen, and all is checked before anything is sent. */
export default function Upload() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/operations/upload" });
  const choices = useConnections();
  const connection = search.connection ?? choices.list[0]?.id ?? "";
  const can = useQuery({ ...capabilities(connection), enabled: Boolean(connection) });
  const open = (can.data?.entities ?? []).filter((e) => ops.some((op) => e[op].supported));
  const may = open.find((e) => e.entity === search.entity) ?? open[0];
  const [op, setOp] = useState<Op>("create");
  const allowed = ops.filter((o) => may?.[o].supported);
  const act = allowed.includes(op) ? op : allowed[0];
  const [chosen, choose] = useState<Chosen>();
  const [error, setError] = useState<unknown>();
  const take = async (file: File) => {
    setError(undefined);
    choose(undefined);
    try {
      choose({ file, ...(await sniff(file)) });
    } catch (e) {
      setError(e);
    }
  };
  return (
    <Page crumbs={<Link to="/operations" search={{ connection: connection || undefined }} className="hover:underline">Operations</Link>} title="Upload a file" lead="Many records at once, from a CSV or NDJSON file. Nothing is sent before you have seen what would be.">
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Panel title="1. The file">
          <FilePick chosen={chosen} take={(f) => void take(f)} />
          {error ? <Notice tone="bad" title="This file cannot be read." className="mt-4">{(error as Error).message}</Notice> : null}
        </Panel>
        <Panel title="2. Where it goes">
          <div className="grid gap-4 sm:grid-cols-2">
            <ConnectionField list={choices.list} value={connection} onChange={(id) => void navigate({ search: { connection: id, entity: search.entity }, replace: true })} />
            <SelectField label="Entity" value={may?.entity ?? ""} onChange={(e) => void navigate({ search: { connection, entity: e.target.value }, replace: true })}>
              {open.map((e) => (
                <option key={e.entity} value={e.entity}>{words(e.entity)}</option>
              ))}
            </SelectField>
            <SelectField label="What is done" value={act ?? ""} onChange={(e) => setOp(e.target.value as Op)}>
              {allowed.map((o) => (
                <option key={o} value={o}>{o === "delete" && may?.delete.how === "cancel" ? "Cancel records" : does[o]}</option>
              ))}
            </SelectField>
          </div>
          {can.error ?? choices.error ? <div className="mt-4"><Failure error={can.error ?? choices.error} /></div> : null}
          {can.data && !open.length ? <Notice tone="warn" title="Nothing can be written here." className="mt-4">The system takes no writes, or your role does not allow them. The connection's capabilities tell which.</Notice> : null}
        </Panel>
      </div>
      {chosen && may && act ? <Mapped key={`${chosen.file.name} ${chosen.file.lastModified} ${connection} ${may.entity} ${act}`} chosen={chosen} connection={connection} may={may} op={act} /> : null}
    </Page>
  );
}

const size = (bytes: number) => (bytes < 1 << 20 ? `${count(Math.max(1, Math.round(bytes / 1024)))} KiB` : `${(bytes / (1 << 20)).toFixed(1)} MiB`);

const delimiters: Record<string, string> = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars" };

function toldOf(f: Format): string {
  return f.kind === "ndjson" ? `NDJSON, ${f.encoding.toUpperCase()}` : `CSV with ${delimiters[f.delimiter] ?? f.delimiter}, ${f.encoding.toUpperCase()}`;
}

/** FilePick takes a file by a click, by the keyboard or by dropping it. */
function FilePick({ chosen, take }: { chosen: Chosen | undefined; take: (file: File) => void }) {
  const id = useId();
  const [over, setOver] = useState(false);
  const drop = (e: DragEvent) => {
    e.preventDefault();
    setOver(false);
    const file = e.dataTransfer.files[0];
    if (file) take(file);
  };
  return (
    <div onDragOver={(e) => (e.preventDefault(), setOver(true))} onDragLeave={() => setOver(false)} onDrop={drop}>
      <input id={id} type="file" accept=".csv,.tsv,.txt,.ndjson,.jsonl,.json,text/csv,application/x-ndjson" className="peer sr-only" onChange={(e) => {
        const file = e.target.files?.[0];
        if (file) take(file);
        e.target.value = ""; // the same file may be chosen again, mended
      }} />
      <label htmlFor={id} className={cx("flex min-h-28 cursor-pointer flex-col items-center justify-center gap-1.5 rounded-lg border border-dashed border-edge px-4 py-5 text-center text-sm peer-focus-visible:outline-3 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-ink hover:bg-sunken", over && "bg-accent-soft")}>
        <FileUp size={20} aria-hidden className="text-muted" />
        {chosen ? (
          <>
            <span className="font-semibold break-all">{chosen.file.name}</span>
            <span className="text-xs text-muted">{size(chosen.file.size)} · {toldOf(chosen.format)} · {chosen.columns.length} {chosen.columns.length === 1 ? "column" : "columns"}. Choose another</span>
          </>
        ) : (
          <>
            <span><span className="font-semibold text-ink">Choose a file</span> or drop it here</span>
            <span className="text-xs text-muted">CSV with a head, or NDJSON</span>
          </>
        )}
      </label>
    </div>
  );
}

/** Mapped is what follows once it is known what goes where. */
function Mapped({ chosen, connection, may, op }: { chosen: Chosen; connection: string; may: Schema<"EntityCapability">; op: Op }) {
  const csv = chosen.format.kind === "csv";
  const targets = useMemo(() => targetsOf(may, op, !csv), [may, op, csv]);
  const [plan, setPlan] = useState<Plan>(() => {
    const columns = guess(chosen.columns, targets);
    const together = Object.entries(columns).find(([, path]) => path === "client_ref")?.[0] ?? "";
    return { connection, entity: may.entity, op, columns, fixed: {}, together, style: styleOf(chosen.columns.flatMap((c) => c.samples)), clear: false, ready: chosen.items };
  });
  const nested = Object.values(plan.columns).some((p) => targets.find((t) => t.path === p && t.list && t.kind !== "list"));
  const used = useMemo(() => (csv && nested ? plan : { ...plan, together: "" }), [plan, csv, nested]);
  const { first, error } = useBeginning(chosen.file, chosen.format, used, targets);
  const lack = plan.ready ? [] : missing(targets, new Set([...Object.values(plan.columns), ...Object.keys(plan.fixed)]));
  const lacking = lack.length ? `Choose what fills ${lack.map((t) => t.label).join(", ")}.` : !plan.ready && op !== "delete" && !Object.keys(plan.columns).length ? "Choose what the columns fill." : "";
  return (
    <>
      <Panel title="3. What the columns mean">
        {plan.ready ? (
          <Notice tone="quiet" title="The lines are items of a batch already.">They are sent as they are, with what each says is to be done.</Notice>
        ) : (
          <Columns columns={chosen.columns} targets={targets} plan={plan} change={(part) => setPlan({ ...plan, ...part })} csv={csv} />
        )}
      </Panel>
      <Panel title="4. The first records, as they would be sent">
        <Preview first={first} error={error} />
      </Panel>
      <Panel title="5. Check and send">
        <Send file={chosen.file} format={chosen.format} plan={used} targets={targets} first={first} lacking={lacking} />
      </Panel>
    </>
  );
}
