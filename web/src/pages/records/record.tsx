import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { useAct } from "@/api/acts";
import { ApiError, unsettled } from "@/api/client";
import { newKey } from "@/api/key";
import { useMay } from "@/api/may";
import { capabilities } from "@/api/queries";
import { record, send } from "@/api/records";
import { Badge, words } from "@/ui/badge";
import { Button, button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { Json } from "@/ui/json";
import { Facts, Page, Panel } from "@/ui/panel";
import { Failure, Loading, Notice } from "@/ui/say";
import { Time } from "@/ui/time";
import { looked } from "../overview/first";
import { Answer, type Answered } from "./answer";
import { RefLink } from "./refs";
import { Sides } from "./sides";
import { Value } from "./value";

const route = getRouteApi("/records/$connection/$entity/$id");
const ours = ["id", "connection_id", "entity", "version", "seq", "created_at", "updated_at", "deleted_at", "deletion"];
const envelope = ["id", "remote_id", "entity", "display_id", "display_name", "created_at", "updated_at", "remote_created_at", "remote_updated_at", "deleted_at", "deletion", "version", "seq", "raw", "url", "connection_id"];

export default function OneRecord() {
  const { connection, entity, id } = route.useParams();
  const read = useQuery(record(connection, entity, id));
  const can = useQuery(capabilities(connection));
  const navigate = useNavigate();
  const writes = useMay()("write");
  const seen = Boolean(read.data);
  useEffect(() => {
    if (seen) looked();
  }, [seen]);
  const [deleting, setDeleting] = useState(false);
  const [key, setKey] = useState(newKey);
  const [going, setGoing] = useState<Answered>();
  const remove = useAct(() => send("DELETE", `/v1/${entity}/${id}`, connection, { headers: { "If-Match": `"${read.data!.version}"`, "Idempotency-Key": key } }), ["records", connection, entity]);
  const may = can.data?.entities.find((e) => e.entity === entity);
  const unified = useMemo(() => Object.fromEntries(Object.entries(read.data ?? {}).filter(([name]) => !ours.includes(name) && name !== "raw")), [read.data]);
  const refersTo = useMemo(() => new Map((may?.fields ?? []).filter((f) => f.refers_to).map((f) => [f.name, f.refers_to!])), [may]);
  if (read.error) return <Page title="Record"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  const r = read.data;
  if (!r) return <Loading rows={10} />;
  const { raw, ...all } = r;
  const show = (name: string, v: unknown, path = name) => {
    const to = refersTo.get(path);
    return to && typeof v === "string" ? <RefLink connection={connection} entity={to} id={v} /> : <Value of={v} name={name} />;
  };
  const fields = Object.entries(r).filter(([name, v]) => !envelope.includes(name) && !Array.isArray(v) && name !== "custom_fields");
  const lists = Object.entries(r).filter((f): f is [string, Record<string, unknown>[]] => Array.isArray(f[1]) && f[1].length > 0 && typeof f[1][0] === "object");
  return (
    <Page
      crumbs={<Link to="/records" search={{ connection, entity }} className="hover:underline">{words(entity)}</Link>}
      title={<>{r.display_name || r.display_id || r.remote_id} {r.deleted_at ? <Badge tone="quiet">Deleted</Badge> : null}</>}
      actions={
        <>
          {writes && may?.update.supported && !r.deleted_at ? <Link to="/records/$connection/$entity/$id/edit" params={{ connection, entity, id }} className={button()}>Edit</Link> : null}
          {writes && may?.delete.supported && !r.deleted_at ? <Button look="danger" onClick={() => setDeleting(true)}>{may.delete.how === "cancel" ? "Cancel it" : "Delete"}</Button> : null}
        </>
      }
    >
      <Answer of={going} connection={connection} again="Delete it again: it is sent once." />
      {r.deleted_at ? <Notice tone="quiet" title="It was deleted in the system."><p>Busbar learnt it <Time at={r.deleted_at} />. What is shown is its last state; it can be neither changed nor deleted any more.</p></Notice> : null}
      <Panel>
        <Facts
          of={[
            ["In the system", <code key="r" className="font-mono text-xs select-all">{r.remote_id}</code>],
            ["Changed there", <Time key="u" at={r.remote_updated_at} none="not told" />],
            ["First stored", <Time key="f" at={r.created_at} />],
            ["Last change here", <Time key="s" at={r.updated_at} />],
            ["Version", <code key="v" className="font-mono text-xs">{r.version}</code>],
            ["Id", <code key="i" className="font-mono text-xs select-all">{r.id}</code>],
          ]}
        />
      </Panel>
      <Panel title="Fields">
        <Facts of={fields.map(([name, v]) => [words(name.replace(/_id$/, "")), <span key={name}>{show(name, v)}</span>])} />
      </Panel>
      {lists.map(([name, rows]) => (
        <Panel key={name} flush title={words(name)}>
          <Lines rows={rows} show={(n, v) => show(n, v, `${name}.${n}`)} />
        </Panel>
      ))}
      {raw ? (
        <Panel flush title="Where it comes from">
          <Sides connection={connection} unified={unified} raw={raw} refersTo={refersTo} />
        </Panel>
      ) : null}
      <details>
        <summary className="text-sm text-ink">As JSON</summary>
        <div className="mt-3 grid gap-5 xl:grid-cols-2">
          <Panel flush title="In Busbar's model"><Json of={all} /></Panel>
          <Panel flush title="As the system has it">{raw ? <Json of={raw} /> : <p className="p-4 text-sm text-muted">It is not kept.</p>}</Panel>
        </div>
      </details>
      <Confirm
        open={deleting}
        onClose={() => setDeleting(false)}
        danger
        title={may?.delete.how === "cancel" ? "Cancel this record in the system?" : "Delete this record in the system?"}
        label={may?.delete.how === "cancel" ? "Cancel it" : "Delete"}
        act={async () => {
          const done = await remove.mutateAsync(undefined).catch((e: unknown) => {
            const problem = e instanceof ApiError ? e.problem : undefined;
            if (!unsettled(problem)) setKey(newKey()); // it is known that nothing happened
            if (problem?.code !== "write-outcome-unknown") throw e;
            setGoing({ error: e });
          });
          if (done?.status === 202) setGoing({ operation: done.operation ?? undefined });
          else if (done) void navigate({ to: "/records", search: { connection, entity } });
        }}
      >
        <p>{may?.delete.how === "cancel" ? "The system deletes no such records: it gives this one its status of cancelled, and nothing more can be done with it there." : "It is deleted in the system itself, not only here. That cannot be undone from Busbar."}</p>
      </Confirm>
    </Page>
  );
}

function Lines({ rows, show }: { rows: Record<string, unknown>[]; show: (name: string, v: unknown) => ReactNode }) {
  const names = [...new Set(rows.flatMap((r) => Object.keys(r)))].filter((n) => !["id", "remote_id", "custom_fields"].includes(n)).slice(0, 9);
  return (
    <div className="overflow-x-auto" tabIndex={0}>
      <table className="w-full text-sm">
        <thead className="bg-sunken text-left text-xs text-muted">
          <tr>{names.map((n) => <th key={n} scope="col" className="px-4 py-2 whitespace-nowrap">{words(n.replace(/_id$/, ""))}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((r, i) => (
            <tr key={i} className="border-t border-line">{names.map((n) => <td key={n} className="min-w-32 px-4 py-2">{show(n, r[n])}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
