import { useQuery } from "@tanstack/react-query";
import { useBlocker } from "@tanstack/react-router";
import { Redo2, Undo2 } from "lucide-react";
import { type KeyboardEvent, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { type Document, parseDocument } from "yaml";
import { useAct } from "@/api/acts";
import { api, data, type Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Panel } from "@/ui/panel";
import { Failure, Notice } from "@/ui/say";
import { Address } from "../webhook";
import { Canvas } from "./canvas";
import { Chosen } from "./chosen";
import { edited, insert, put, useText } from "./edit";
import { type Read, Settings } from "./settings";
import { Text } from "./text";
import { Trace } from "./trace";
import { eachesOf, idsOf, newStep, type Path, stepIn } from "./tree";
import { type Sample, Try } from "./try";

interface Props {
  /** The flow as it is applied; undefined: it is new. */
  of?: Schema<"FlowDetail">;
  begin?: string;
  saved: (name: string) => void;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Builder edits a flow's document, as a drawing with a form for each step, and as text: all are the same document. */
export default function Builder({ of: newest, begin, saved }: Props) {
  const [f, setBase] = useState(newest); // what the edits began with: it is replaced by what is saved only
  const { text, setText, undo, redo } = useText(f?.document ?? begin ?? "");
  const [at, choose] = useState<Path>([]);
  const [roles, setRoles] = useState<Record<string, string>>(f?.connections ?? {});
  const [values, setValues] = useState<Record<string, unknown>>(f?.parameters ?? {});
  const may = useMay()("flows");
  const { doc, read } = useMemo(() => parsed(text), [text]);
  const later = useDeferredValue(text);
  const given = Object.fromEntries(Object.entries(roles).filter(([, id]) => id));
  const check = useQuery({
    queryKey: ["check-flow", later, given],
    queryFn: ({ signal }) => data(api.POST("/v1/flows/check", { body: { document: later, format: "yaml", connections: given }, signal })),
    enabled: Boolean(later.trim()) && may,
    placeholderData: (before) => before,
    staleTime: Infinity,
  });
  const name = f?.name ?? read.flow ?? "";
  const settings = { document: text, connections: given, parameters: values };
  const save = useAct(() => data(api.PUT("/v1/flows/{name}", { params: { path: { name }, header: f ? { "If-Match": `"${f.version}"` } : {} }, body: settings as never })), ["flows"]);
  const test = useAct((sample: Sample) => data(api.POST("/v1/flows/{name}/test", { params: { path: { name } }, body: { ...settings, ...sample } as never })));
  const problems = check.data?.problems ?? [];
  const wrong = new Set(problems.map((p) => p.path));
  const changed = text !== (f?.document ?? begin) || !same(roles, f?.connections ?? {}) || !same(values, f?.parameters ?? {});
  const kept = useRef(false);
  const guard = useBlocker({ shouldBlockFn: () => changed && may && !kept.current, enableBeforeUnload: () => changed && may && !kept.current, withResolver: true });

  const change = (edit: (d: Document) => void) => may && setText(edited(text, edit));
  const node = at.length && !doc.errors.length ? doc.getIn(at) : undefined;
  const value = (node && typeof node === "object" && "toJS" in node ? (node as { toJS: (d: Document) => unknown }).toJS(doc) : node) as unknown;
  const siblings = ((doc.getIn(at.slice(0, -1), true) as { items?: unknown[] } | undefined)?.items ?? []).length;
  const add = (list: Path, i: number, kind: string) => {
    change((d) => insert(d, list, i, newStep(kind, idsOf(read.steps))));
    choose([...list, i]);
  };
  const isStep = at.length > 1 && typeof at.at(-1) === "number";
  const move = (by: -1 | 1) => {
    const to = (at.at(-1) as number) + by;
    if (!isStep || to < 0 || to >= siblings) return;
    const list = at.slice(0, -1);
    change((d) => {
      const items = (d.getIn(list, true) as { items: unknown[] }).items;
      items.splice(to, 0, ...items.splice(to - by, 1));
    });
    choose([...list, to]);
  };
  const remove = () => {
    if (!isStep) return;
    change((d) => d.deleteIn(at));
    choose([]);
  };
  const keep = () =>
    save.mutate(undefined, {
      onSuccess: (a) => {
        setValues(a.parameters);
        setRoles(a.connections);
        setBase((f) => f && { ...f, ...a });
        if (a.webhook) return;
        kept.current = !f;
        saved(a.name);
      },
    });
  const keys = (e: KeyboardEvent) => {
    if (!(e.ctrlKey || e.metaKey) || e.altKey || (e.target as Element).closest("[data-own-undo]")) return;
    const key = e.key.toLowerCase();
    const act = key === "z" ? (e.shiftKey ? redo : undo) : key === "y" ? redo : undefined;
    if (key === "z" || key === "y") e.preventDefault();
    act?.();
  };
  useEffect(() => {
    if (at.length && !stepIn(read.steps, at) && at[0] !== "trigger") choose([]);
  }, [read, at]);
  const overtaken = newest !== undefined && f !== undefined && newest.version > f.version;
  const takeNewest = () => {
    if (!newest) return;
    setBase(newest);
    setText(newest.document);
    setRoles(newest.connections);
    setValues(newest.parameters);
    save.reset();
  };
  return (
    <div className="space-y-5" onKeyDown={keys}>
      {overtaken ? (
        <Notice tone="warn" title={`Version ${newest.version} has been saved meanwhile.`}>
          <p>{changed ? "Yours cannot be saved over it. Copy what you need from the text, open that version and make your changes in it." : "What you see is the version before it."}</p>
          <Button size="small" onClick={takeNewest}>{changed ? `Drop my changes and open version ${newest.version}` : `Open version ${newest.version}`}</Button>
        </Notice>
      ) : null}
      <div className="flex flex-wrap items-center gap-3">
        {problems.length ? <Badge tone="bad">{problems.length} {problems.length === 1 ? "problem" : "problems"}</Badge> : <Badge tone={check.isFetching ? "busy" : "good"}>{check.isFetching ? "Checking" : "Nothing is wrong with it"}</Badge>}
        {changed && may ? <Badge tone="warn">Not saved</Badge> : null}
        {may ? (
          <span className="ml-auto flex flex-wrap gap-2">
            <Button size="icon" aria-label="Undo" title="Undo (Ctrl+Z)" disabled={!undo} onClick={undo}><Undo2 size={15} aria-hidden /></Button>
            <Button size="icon" aria-label="Redo" title="Redo (Ctrl+Shift+Z)" disabled={!redo} onClick={redo}><Redo2 size={15} aria-hidden /></Button>
            <Button look="main" busy={save.isPending} disabled={!name || overtaken || (Boolean(f) && !changed) || problems.length > 0} onClick={keep}>{!f ? "Save" : text === f.document ? "Save the settings" : `Save as version ${f.version + 1}`}</Button>
          </span>
        ) : <span className="text-sm text-muted">You may look at it. To change it takes a role that may change flows.</span>}
      </div>
      <Failure error={save.error ?? check.error} />
      <div data-own-undo><Settings read={read} roles={roles} setRoles={setRoles} values={values} setValues={setValues} secrets={f?.secrets ?? []} /></div>
      <p className="text-sm text-muted md:hidden">The drawing of the steps needs a wider screen. The text below is the same document.</p>
      <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1.2fr)_minmax(24rem,1fr)]">
        <div className="hidden md:block">
          <Panel flush title="Steps">
            <div className="h-[40rem]"><Canvas doc={read} at={at} wrong={wrong} fixed={!may} choose={choose} add={add} move={move} remove={remove} /></div>
            <p className="border-t border-line px-4 py-2 text-xs text-muted">By keyboard: Tab or ↑ ↓ go from step to step, Enter opens, N adds one behind it, Alt+↑ ↓ moves it, Delete takes it out, Ctrl+Z undoes.</p>
          </Panel>
        </div>
        <div className="min-w-0 space-y-5">
          <Chosen at={at} value={value} read={read} problems={problems} last={(at.at(-1) as number) >= siblings - 1} set={(path, v) => change((d) => put(d, path, v))} add={add} move={move} remove={remove} />
          <Text text={text} set={setText} problems={problems} fixed={!may} show={(p) => choose(pathOf(p.path))} />
        </div>
      </div>
      {may ? <div data-own-undo><Try busy={test.isPending} wrong={!name || problems.length > 0} error={test.error} eaches={eachesOf(read.steps)} run={(s) => test.mutate(s)} /></div> : null}
      {test.data ? <Trace of={test.data} /> : null}
      {save.data?.webhook ? (
        <Dialog open title="Keep its address" onClose={() => { kept.current = true; save.reset(); saved(name); }}>
          <Address of={save.data.webhook} />
        </Dialog>
      ) : null}
      <Dialog open={guard.status === "blocked"} title="Leave without saving?" onClose={() => guard.reset?.()}>
        <p className="text-sm">What you have changed in this flow is lost then.</p>
        <div className="flex justify-end gap-2">
          <Button look="danger" onClick={() => guard.proceed?.()}>Leave it</Button>
          <Button look="main" onClick={() => guard.reset?.()}>Stay</Button>
        </div>
      </Dialog>
    </div>
  );
}

/** pathOf gives the step, or the trigger, in which a place of a document is. */
function pathOf(place: string): Path {
  if (place.startsWith("trigger")) return ["trigger"];
  const parts = place.split(".").map((p) => (/^\d+$/.test(p) ? Number(p) : p));
  for (let i = parts.length - 1; i > 0; i--) if (typeof parts[i] === "number" && parts[i - 1] === "steps") return parts.slice(0, i + 1);
  return [];
}

function parsed(text: string): { doc: Document; read: Read } {
  const doc = parseDocument(text);
  const v = doc.errors.length ? null : (doc.toJS() as unknown);
  return { doc, read: v && typeof v === "object" && !Array.isArray(v) ? (v as Read) : {} };
}
