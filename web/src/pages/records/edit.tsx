import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { ApiError, type Schema } from "@/api/client";
import { newKey } from "@/api/key";
import { capabilities } from "@/api/queries";
import { type Envelope, record, send, type Verdict } from "@/api/records";
import { words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Page, Panel } from "@/ui/panel";
import { Failure, Loading, Notice } from "@/ui/say";
import { Answer, type Answered } from "./answer";
import { type Draft, Form } from "./form";

const creating = getRouteApi("/records/$connection/$entity/new");
const editing = getRouteApi("/records/$connection/$entity/$id/edit");

export function NewRecord() {
  const { connection, entity } = creating.useParams();
  const can = useQuery(capabilities(connection));
  if (can.error) return <Page title="New record"><Failure error={can.error} /></Page>;
  const may = can.data?.entities.find((e) => e.entity === entity);
  return may ? <Editor connection={connection} entity={entity} may={may} /> : <Loading rows={10} />;
}

export function EditRecord() {
  const { connection, entity, id } = editing.useParams();
  const can = useQuery(capabilities(connection));
  const read = useQuery(record(connection, entity, id));
  const [held, hold] = useState<Envelope>(); // the state that somebody began to change: what arrives meanwhile takes nothing of that away
  const error = can.error ?? (held ? null : read.error);
  if (error) return <Page title="Edit"><Failure error={error} /></Page>;
  const may = can.data?.entities.find((e) => e.entity === entity);
  const was = held ?? read.data;
  if (!may || !was) return <Loading rows={10} />;
  return (
    <>
      {read.data && read.data.version !== was.version ? (
        <Notice tone="warn" title="The record has changed since you began.">
          <p>What you write now would be refused. Begin anew with the record as it is; what you have entered here is left out.</p>
          <Button size="small" onClick={() => hold(undefined)}>Begin anew</Button>
        </Notice>
      ) : null}
      <Editor key={was.version} connection={connection} entity={entity} may={may} was={was} begun={() => hold(was)} />
    </>
  );
}

/** Editor checks a write first, and then writes: what the system would refuse is known before anything is sent. */
function Editor({ connection, entity, may, was, begun }: { connection: string; entity: string; may: Schema<"EntityCapability">; was?: Envelope; begun?: () => void }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const op = was ? "update" : "create";
  const begin = useMemo(() => (was ? beginning(may, was) : {}), [may, was]);
  const [draft, setDraft] = useState<Draft>(begin);
  const [key, setKey] = useState(newKey); // of what the draft says now
  const [busy, setBusy] = useState<"check" | "write">();
  const [verdict, setVerdict] = useState<Verdict>();
  const [error, setError] = useState<unknown>();
  const [written, setWritten] = useState<Answered>();
  const body = useMemo(() => changes(begin, draft), [begin, draft]);
  const faults = new Map<string, string>();
  const said = verdict?.problem?.errors ?? (written?.error instanceof ApiError ? written.error.problem.errors : undefined) ?? [];
  for (const e of said) if (e.pointer && e.detail) faults.set(e.pointer, e.detail);
  const back = was ? { to: "/records/$connection/$entity/$id" as const, params: { connection, entity, id: was.id } } : { to: "/records" as const, search: { connection, entity } };

  const check = async () => {
    setBusy("check");
    setError(undefined);
    try {
      const v = (await send<Verdict>("POST", `/v1/${entity}/validate`, connection, { body: was ? { op, id: was.id, data: body } : { op, data: body } })).body;
      setVerdict(v);
    } catch (e) {
      setError(e);
    } finally {
      setBusy(undefined);
    }
  };
  const write = async () => {
    setBusy("write");
    setWritten(undefined);
    try {
      const headers: Record<string, string> = { "Idempotency-Key": key };
      if (was) headers["If-Match"] = `"${was.version}"`;
      const done = await send<Envelope>(was ? "PATCH" : "POST", was ? `/v1/${entity}/${was.id}` : `/v1/${entity}`, connection, { body, headers });
      void client.invalidateQueries({ queryKey: ["records", connection, entity] });
      if (done.status === 202) setWritten({ operation: done.operation ?? undefined });
      else void navigate({ to: "/records/$connection/$entity/$id", params: { connection, entity, id: done.body.id } });
    } catch (e) {
      setWritten({ error: e });
    } finally {
      setBusy(undefined);
    }
  };
  const change = (d: Draft) => {
    begun?.();
    setDraft(d);
    setKey(newKey());
    setVerdict(undefined);
    setWritten(undefined);
  };
  const nothing = Object.keys(body).length === 0;
  return (
    <Page
      crumbs={<Link {...back} className="hover:underline">{was ? was.display_name || was.display_id || was.remote_id : words(entity)}</Link>}
      title={was ? `Edit ${was.display_name || was.display_id || was.remote_id}` : `New in ${words(entity).toLowerCase()}`}
      lead="It is checked against the model, the system's rules and yours before anything is sent."
    >
      <Panel>
        <Form connection={connection} fields={may.fields} required={op === "create" ? (may.create.required ?? []) : []} op={op} draft={draft} change={change} errors={faults} />
      </Panel>
      {verdict?.valid ? <Notice tone="good" title="It can be written.">{verdict.warnings?.map((w, i) => <p key={i}>{w.detail}</p>)}</Notice> : null}
      {verdict && !verdict.valid ? (
        <Notice tone="bad" title="It would be refused.">
          <p>{verdict.problem?.detail}</p>
          <ul className="list-disc pl-5">{said.map((e, i) => <li key={i}><code className="font-mono text-xs">{e.pointer}</code> {e.detail}</li>)}</ul>
        </Notice>
      ) : null}
      <Answer of={written} connection={connection} again="Write it again: it is written once." />
      <Failure error={error} />
      <div className="sticky bottom-0 -mx-4 flex flex-wrap items-center justify-end gap-2 border-t border-line bg-page px-4 py-3 sm:mx-0 sm:px-0">
        {nothing ? <p className="mr-auto text-sm text-muted">{was ? "Nothing is changed yet." : "Fill in what is known."}</p> : null}
        <Link {...back} className="px-3 text-sm text-muted hover:underline">Back</Link>
        <Button busy={busy === "check"} disabled={nothing} onClick={() => void check()}>Check</Button>
        <Button look="main" busy={busy === "write"} disabled={!verdict?.valid || Boolean(written?.operation)} title={verdict?.valid ? undefined : "Check it first."} onClick={() => void write()}>
          {was ? "Write the change" : "Create it"}
        </Button>
      </div>
    </Page>
  );
}

/** beginning is a record's writable fields, from which a form begins. */
function beginning(may: Schema<"EntityCapability">, was: Envelope): Draft {
  const draft: Draft = {};
  for (const f of may.fields) {
    if (!f.writable || f.name.includes(".") || !(f.name in was)) continue;
    draft[f.name] = structuredClone(was[f.name]);
  }
  return draft;
}

/** changes is what a draft says otherwise than the record it began from, as the API takes it: lines by their id, those taken out marked. */
function changes(from: Draft, to: Draft): Draft {
  const body: Draft = {};
  for (const [name, now] of Object.entries(to)) {
    const before = from[name];
    if (JSON.stringify(before) === JSON.stringify(now) || (before === undefined && now === null)) continue;
    body[name] = Array.isArray(now) && Array.isArray(before) && now.every((r) => typeof r === "object") ? lines(before as Draft[], now as Draft[]) : now;
  }
  return body;
}

function lines(before: Draft[], now: Draft[]): Draft[] {
  const kept = new Map(before.map((l) => [l.id, l]));
  const out: Draft[] = [];
  for (const line of now) {
    const was = kept.get(line.id);
    kept.delete(line.id);
    if (!was) {
      out.push(line);
      continue;
    }
    const changed = Object.fromEntries(Object.entries(line).filter(([k, v]) => JSON.stringify(was[k]) !== JSON.stringify(v)));
    if (Object.keys(changed).length) out.push({ id: line.id, ...changed });
  }
  for (const [id] of kept) if (id) out.push({ id, _delete: true });
  return out;
}
