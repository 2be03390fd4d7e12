import { useReducer } from "react";
import { type Document, isMap, isSeq, parseDocument } from "yaml";
import type { Path } from "./tree";

const plain = (v: unknown) => v === null || typeof v !== "object";

/** put changes a document's value at a place to another one, member by member: what stays as it is keeps its comments, its order and its look. */
export function put(d: Document, at: Path, value: unknown): void {
  const node = at.length ? d.getIn(at, true) : d.contents;
  if (value === undefined) return void d.deleteIn(at);
  if (isMap(node) && !plain(value) && !Array.isArray(value)) {
    const next = value as Record<string, unknown>;
    const before = node.toJS(d) as Record<string, unknown>;
    for (const key of Object.keys(before)) if (!(key in next)) d.deleteIn([...at, key]);
    for (const [key, v] of Object.entries(next)) if (JSON.stringify(before[key]) !== JSON.stringify(v)) put(d, [...at, key], v);
    return;
  }
  if (isSeq(node) && Array.isArray(value) && node.items.length === value.length) {
    const before = node.toJS(d) as unknown[];
    value.forEach((v, i) => JSON.stringify(before[i]) !== JSON.stringify(v) && put(d, [...at, i], v));
    return;
  }
  d.setIn(at, plain(value) ? value : d.createNode(value));
}

/** insert puts a value into a list of a document, which is made if it is not there. */
export function insert(d: Document, list: Path, i: number, value: unknown): void {
  if (!isSeq(d.getIn(list, true))) d.setIn(list, d.createNode([]));
  const seq = d.getIn(list, true) as { items: unknown[]; flow?: boolean };
  if (!seq.items.length) seq.flow = false;
  seq.items.splice(i, 0, d.createNode(value));
}

/** edited gives the text of a document after an edit. */
export function edited(text: string, edit: (d: Document) => void): string {
  const d = parseDocument(text);
  if (d.errors.length) return text;
  edit(d);
  return d.toString({ lineWidth: 0 });
}

interface History {
  past: string[];
  now: string;
  next: string[];
  at: number;
  field?: Element;
}

type Act = { do: "set"; text: string; at: number; field?: Element } | { do: "undo" | "redo" };

const pause = 900; // what is typed into one field without one is undone at once

/** typedInto gives the field that is typed into; undefined: what is done is an act of its own. */
function typedInto(): Element | undefined {
  const e = document.activeElement;
  return e instanceof HTMLTextAreaElement || (e instanceof HTMLInputElement && e.type === "text") ? e : undefined;
}

function turn(h: History, a: Act): History {
  switch (a.do) {
    case "undo":
      return h.past.length ? { past: h.past.slice(0, -1), now: h.past.at(-1)!, next: [h.now, ...h.next], at: 0 } : h;
    case "redo":
      return h.next.length ? { past: [...h.past, h.now], now: h.next[0]!, next: h.next.slice(1), at: 0 } : h;
    case "set":
      if (a.text === h.now) return h;
      return { past: a.field && a.field === h.field && a.at - h.at < pause ? h.past : [...h.past.slice(-200), h.now], now: a.text, next: [], at: a.at, field: a.field };
  }
}

/** useText holds the text of a document and what it was before. */
export function useText(begin: string) {
  const [h, act] = useReducer(turn, { past: [], now: begin, next: [], at: 0 });
  return {
    text: h.now,
    setText: (text: string) => act({ do: "set", text, at: Date.now(), field: typedInto() }),
    undo: h.past.length ? () => act({ do: "undo" }) : undefined,
    redo: h.next.length ? () => act({ do: "redo" }) : undefined,
  };
}
