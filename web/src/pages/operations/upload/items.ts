import { recordId } from "@/api/recordid";
import { convert, isId, type Style, Wrong } from "./convert";
import { type Format, type Line, read } from "./source";
import type { Op, Target } from "./targets";

/** Plan says how the rows of a file become the items of a batch. */
export interface Plan {
  connection: string;
  entity: string;
  op: Op;
  /** Targets by column. */
  columns: Record<string, string>;
  /** What every record gets, by target. */
  fixed: Record<string, string>;
  /** The column whose equal value makes rows that follow each other one record; "": each row is one. */
  together: string;
  style: Style;
  /** An empty cell empties the field, in place of leaving it alone. */
  clear: boolean;
  /** The lines are items already. */
  ready: boolean;
}

/** Fault is what cannot be read, and where. */
export interface Fault {
  line: number;
  column?: string;
  detail: string;
}

/** Item is one of a batch's items, as it is sent. */
export interface Item {
  op: string;
  client_ref?: string;
  id?: string;
  data?: Record<string, unknown>;
}

/** Made is an item and the line of the file where it begins. */
export interface Made {
  line: number;
  item: Item;
  faults: Fault[];
}

/** items reads a file as a plan says. */
export async function* items(file: File, format: Format, plan: Plan, targets: Target[], progress?: (bytes: number) => void): AsyncGenerator<Made[]> {
  const maker = plan.ready ? undefined : new Maker(plan, targets);
  for await (const lines of read(file, format, progress)) yield lines.flatMap((l) => (maker ? maker.take(l) : [given(l)]));
  const last = maker?.end();
  if (last) yield [last];
}

/** given takes a line that is an item already. */
function given({ line, record, fault }: Line): Made {
  return { line, item: record as unknown as Item, faults: fault ? [{ line, detail: fault }] : [] };
}

/** Maker makes items of rows: it holds the one that rows may still be added to. */
class Maker {
  private readonly by = new Map<string, Target>();
  private open?: Made & { key: string; head: Record<string, unknown> };
  private readonly ended = new Map<string, number>();

  constructor(private readonly plan: Plan, targets: Target[]) {
    for (const t of targets) this.by.set(t.path, t);
  }

  take(l: Line): Made[] {
    const key = this.plan.together ? String(l.record[this.plan.together] ?? "").trim() : "";
    if (this.open && key && this.open.key === key && !l.fault) {
      this.more(l);
      return [];
    }
    const done = this.end();
    const made = { ...this.begin(l, key), key, head: l.record };
    if (this.plan.together && !key && !l.fault) made.faults.push({ line: l.line, column: this.plan.together, detail: "is empty, so it is not known which record the row belongs to" });
    const before = key ? this.ended.get(key) : undefined;
    if (before) made.faults.push({ line: l.line, column: this.plan.together, detail: `is ${key} again, which ended behind line ${before}. Put the rows of one record together.` });
    this.open = made;
    return done ? [done] : [];
  }

  /** end gives the item at hand, to which nothing is added any more. */
  end(): Made | undefined {
    const was = this.open;
    this.open = undefined;
    if (!was) return undefined;
    if (was.key) this.ended.set(was.key, was.line);
    if (was.item.data) this.pairs(was.item.data);
    if (!was.faults.length && was.item.op !== "delete" && !Object.keys(was.item.data ?? {}).length) was.faults.push({ line: was.line, detail: "The row fills no field." });
    return { line: was.line, item: was.item, faults: was.faults };
  }

  /** pairs takes out units and currencies of nothing: a pair without its number is none. */
  private pairs(data: Record<string, unknown>) {
    for (const t of this.by.values()) {
      const main = /^(.*)\.(amount|value)$/.exec(t.path);
      if (!main) continue;
      const name = t.list ? main[1]!.slice(t.list.length + 1) : main[1]!;
      for (const of of t.list ? ((data[t.list] as Record<string, unknown>[] | undefined) ?? []) : [data]) {
        const pair = of[name] as Record<string, unknown> | null | undefined;
        if (!pair || typeof pair !== "object" || pair[main[2]!] != null) continue;
        if (main[2]! in pair) of[name] = null;
        else delete of[name];
      }
    }
  }

  private begin(l: Line, key: string): Made {
    const item: Item = { op: this.plan.op, client_ref: key || `line ${l.line}` };
    if (this.plan.op !== "delete") item.data = {};
    const made: Made = { line: l.line, item, faults: l.fault ? [{ line: l.line, detail: l.fault }] : [] };
    if (l.fault) return made;
    for (const [path, value] of Object.entries(this.plan.fixed)) if (!this.by.get(path)?.list) this.fill(made, l.line, `the fixed value of ${path}`, path, value);
    for (const [column, path] of Object.entries(this.plan.columns)) if (!this.by.get(path)?.list || this.by.get(path)?.kind === "list") this.fill(made, l.line, column, path, l.record[column]);
    this.element(made, l);
    if (this.plan.op !== "create" && !item.id) made.faults.push({ line: l.line, detail: "Nothing says which record it is." });
    return made;
  }

  /** more adds a row to the record at hand: an element of its list. What the row says of the record has to be what was said. */
  private more(l: Line) {
    const made = this.open!;
    for (const [column, path] of Object.entries(this.plan.columns)) {
      if (this.by.get(path)?.list) continue;
      const now = String(l.record[column] ?? "").trim();
      if (now && now !== String(made.head[column] ?? "").trim()) made.faults.push({ line: l.line, column, detail: `is not what line ${made.line} says, though both are of ${made.key}` });
    }
    this.element(made, l);
  }

  /** element adds what a row says of lists, as one more element of each. */
  private element(made: Made, l: Line) {
    const rows: Record<string, Record<string, unknown>> = {};
    const from = (path: string) => {
      const t = this.by.get(path);
      return t?.list && t.kind !== "list" ? t : undefined;
    };
    const put = (path: string, column: string, value: unknown, only: boolean) => {
      const t = from(path);
      if (!t || (only && !rows[t.list!])) return;
      const found = this.value(made, l.line, column, t, value);
      if (found !== undefined) place((rows[t.list!] ??= {}), path.slice(t.list!.length + 1), found);
    };
    for (const [column, path] of Object.entries(this.plan.columns)) put(path, column, l.record[column], false);
    for (const [path, value] of Object.entries(this.plan.fixed)) put(path, `the fixed value of ${path}`, value, true);
    for (const [list, row] of Object.entries(rows)) ((made.item.data![list] ??= []) as unknown[]).push(row);
  }

  private fill(made: Made, line: number, column: string, path: string, raw: unknown) {
    const t = this.by.get(path);
    if (!t) return;
    if (path === "id" || path === "client_ref") {
      const text = typeof raw === "string" || typeof raw === "number" ? String(raw).trim() : "";
      if (!text) return;
      if (path === "client_ref") made.item.client_ref = text;
      else made.item.id = isId(text) ? text : recordId(this.plan.connection, this.plan.entity, text);
      return;
    }
    const found = this.value(made, line, column, t, raw);
    if (found !== undefined) place(made.item.data!, path, found);
  }

  /** value reads a cell; undefined: the field is left alone. */
  private value(made: Made, line: number, column: string, t: Target, raw: unknown): unknown {
    if (raw === undefined || raw === null || (typeof raw === "string" && !raw.trim())) return this.plan.clear || raw === null ? null : undefined;
    try {
      return convert(raw, t, this.plan.style);
    } catch (e) {
      if (!(e instanceof Wrong)) throw e;
      made.faults.push({ line, column, detail: `${quoted(raw)} ${e.message}` });
      return undefined;
    }
  }
}

function quoted(raw: unknown): string {
  const text = String(raw);
  return `“${text.length > 40 ? `${text.slice(0, 39)}…` : text}”`;
}

/** place puts a value where a path with points leads. A part of nothing makes nothing of the whole. */
function place(into: Record<string, unknown>, path: string, value: unknown) {
  const names = path.split(".");
  const last = names.pop()!;
  let at = into;
  for (const name of names) at = (at[name] ??= {}) as Record<string, unknown>;
  at[last] = value;
}
