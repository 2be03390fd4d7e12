import { begun, kindOf } from "./schema";

/** Path is where something stands in a document. */
export type Path = (string | number)[];

export interface Step {
  id?: string;
  [member: string]: unknown;
}

/** Block is a list of steps one below the other. */
interface Block {
  path: Path; // of the list
  name: string;
}

/** blocksOf gives the lists of steps within a step. */
export function blocksOf(s: Step, path: Path): Block[] {
  const kind = kindOf(s);
  if (kind === "each") return [{ path: [...path, "each", "steps"], name: "for each item" }];
  if (kind === "branch" && Array.isArray(s.branch)) {
    return (s.branch as ({ if?: unknown; else?: boolean } | null)[]).map((arm, i) => ({ path: [...path, "branch", i, "steps"], name: arm?.else || arm?.if === undefined ? "else" : `if ${String(arm.if)}` }));
  }
  return [];
}

export interface Placed {
  id: string;
  path: Path;
  kind: "trigger" | "step" | "block" | "add";
  step?: Step;
  name?: string;
  x: number;
  y: number;
  w: number;
  h: number;
  after?: string; // what comes before it
  at?: number; // of an add: where in the list
}

export const size = { w: 240, h: 60, gap: 34, pad: 20, head: 34 };

/** place lays a document out: steps downwards, the ways of a branch side by side, what is within a step in a box below it. */
export function place(doc: { trigger?: unknown; steps?: Step[] }): Placed[] {
  const all: Placed[] = [{ id: "trigger", path: ["trigger"], kind: "trigger", x: 0, y: 0, w: size.w, h: size.h }];
  placeList(all, Array.isArray(doc.steps) ? doc.steps : [], ["steps"], 0, size.h + size.gap, "trigger");
  return all;
}

/** placeList places a list of steps and gives how wide it is and where it ends. */
function placeList(all: Placed[], steps: Step[], path: Path, x: number, y: number, before: string): { w: number; end: number } {
  let w = size.w;
  let last = before;
  steps.forEach((given, i) => {
    const s = given && typeof given === "object" ? given : {};
    const at = [...path, i];
    const id = at.join(".");
    all.push({ id, path: at, kind: "step", step: s, x, y, w: size.w, h: size.h, after: last });
    last = id;
    y += size.h;
    const blocks = blocksOf(s, at);
    if (blocks.length) {
      y += size.gap / 2;
      let left = x;
      let low = y;
      for (const b of blocks) {
        const box: Placed = { id: b.path.join("."), path: b.path, kind: "block", name: b.name, x: left, y, w: 0, h: 0, after: id };
        all.push(box);
        const inner = placeList(all, listAt(s, b.path.slice(at.length)), b.path, left + size.pad, y + size.head, "");
        box.w = inner.w + 2 * size.pad;
        box.h = inner.end - y + size.pad;
        left += box.w + size.pad;
        low = Math.max(low, y + box.h);
      }
      last = blocks[0]!.path.join(".");
      w = Math.max(w, left - size.pad - x);
      y = low;
    }
    y += size.gap;
  });
  all.push({ id: `${path.join(".")}.add`, path, kind: "add", at: steps.length, x, y: steps.length ? y - size.gap + 10 : y, w: size.w, h: 30 });
  return { w, end: steps.length ? y - size.gap + 44 : y + 34 };
}

function listAt(s: Step, path: Path): Step[] {
  let v: unknown = s;
  for (const key of path) v = (v as Record<string, unknown> | undefined)?.[key as string];
  return Array.isArray(v) ? (v as Step[]) : [];
}

/** newStep makes a step of a kind, with an id that no other step has. */
export function newStep(kind: string, taken: Set<string>): Step {
  let id = kind;
  for (let n = 2; taken.has(id); n++) id = `${kind}_${n}`;
  return { id, [kind]: begun(kind) };
}

/** idsOf gives the ids of all steps of a document. */
export function idsOf(steps: Step[] | undefined, into = new Set<string>()): Set<string> {
  for (const s of Array.isArray(steps) ? steps : []) {
    if (!s || typeof s !== "object") continue;
    if (s.id) into.add(s.id);
    for (const b of blocksOf(s, [])) idsOf(listAt(s, b.path), into);
  }
  return into;
}

const said = (v: unknown) => (v === undefined || v === null || v === "" ? "…" : String(v));

/** gist is what a step does, in a line. */
export function gist(s: Step): string {
  const kind = kindOf(s);
  const v = s[kind] as Record<string, unknown> | string | undefined;
  if (typeof v === "string") return v;
  const o = v ?? {};
  switch (kind) {
    case "write":
      return `${said(o.op)} ${said(o.entity)} in ${said(o.connection)}`;
    case "list":
    case "get":
    case "find":
      return `${said(o.entity)} of ${said(o.connection)}`;
    case "each":
      return `of ${said(o.in)}`;
    case "request":
      return `${String(o.method ?? "GET")} ${said(o.url)}`;
    case "wait":
      return "until" in o ? `until ${said(o.until)}` : `for ${said(o.for)}`;
    case "call":
      return said(o.flow);
    case "notify":
      return o.email ? "by e-mail" : "by webhook";
    case "branch":
      return Array.isArray(v) && v.length === 1 ? "1 way" : `${Array.isArray(v) ? v.length : 0} ways`;
    case "transform":
      return Object.keys(o).join(", ");
  }
  return "";
}

export function triggerGist(trigger: unknown): string {
  const t = (trigger ?? {}) as Record<string, Record<string, unknown>>;
  if (t.schedule) return t.schedule.cron ? `${said(t.schedule.cron)} ${String(t.schedule.time_zone ?? "")}` : `every ${said(t.schedule.every)}`;
  if (t.change) return `${said(t.change.entity)} of ${said(t.change.connection)} change`;
  if (t.webhook) return "a call from outside";
  return "by hand";
}

/** stepIn gives the step at a place of a document; undefined: there is none. */
export function stepIn(steps: Step[] | undefined, at: Path): Step | undefined {
  let v: unknown = { steps };
  for (const key of at) v = v && typeof v === "object" ? (v as Record<string, unknown>)[key as string] : undefined;
  return v && typeof v === "object" ? (v as Step) : undefined;
}

/** eachesOf gives the ids of the steps that work on items. */
export function eachesOf(steps: Step[] | undefined, into: string[] = []): string[] {
  for (const s of Array.isArray(steps) ? steps : []) {
    if (!s || typeof s !== "object") continue;
    if (s.id && "each" in s) into.push(s.id);
    for (const b of blocksOf(s, [])) eachesOf(listAt(s, b.path), into);
  }
  return into;
}
