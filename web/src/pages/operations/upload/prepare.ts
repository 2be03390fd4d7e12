import { Digest } from "@/api/key";
import { type Fault, type Item, items, type Plan } from "./items";
import type { Format } from "./source";
import type { Target } from "./targets";

/** What the API takes at once, with room to spare in bytes. */
const most = { items: 100_000, bytes: 400 << 20, item: 1 << 20 };
const told = 200; // faults that are kept to be shown

/** Part is a batch that is sent in one call. */
export interface Part {
  body: Blob;
  count: number;
  /** Made of what it holds: the same file read in the same way has the same key, so that it is taken once however often it is sent. */
  key: string;
  /** The lines of the file that it begins and ends with. */
  from: number;
  to: number;
}

/** Prepared is a file as it is sent. */
export interface Prepared {
  parts: Part[];
  count: number;
  /** Items that cannot be read, which are in no part. */
  left: number;
  faults: Fault[];
  faultCount: number;
}

/** prepare reads a whole file into batches. */
export async function prepare(file: File, format: Format, plan: Plan, targets: Target[], progress: (share: number) => void, stopped: () => boolean): Promise<Prepared | undefined> {
  const out: Prepared = { parts: [], count: 0, left: 0, faults: [], faultCount: 0 };
  let part = new Filling(plan);
  const encoder = new TextEncoder();
  for await (const made of items(file, format, plan, targets, (bytes) => progress(bytes / file.size))) {
    if (stopped()) return undefined;
    for (const { line, item, faults } of made) {
      const text = `${JSON.stringify(item)}\n`;
      if (!faults.length && text.length > most.item / 4 && encoder.encode(text).length > most.item) faults.push({ line, detail: "The record is larger than 1 MiB." });
      if (faults.length) {
        out.left++;
        out.faultCount += faults.length;
        out.faults.push(...faults.slice(0, told - out.faults.length));
        continue;
      }
      if (part.count === most.items || part.bytes + text.length * 3 > most.bytes) {
        out.parts.push(part.end());
        part = new Filling(plan);
      }
      part.add(text, line);
      out.count++;
    }
    part.fold();
  }
  if (part.count) out.parts.push(part.end());
  return out;
}

/** Filling is a part that grows. */
class Filling {
  count = 0;
  bytes = 0;
  private readonly digest = new Digest();
  private readonly pieces: Blob[] = [];
  private texts: string[] = [];
  private from = 0;
  private to = 0;

  constructor(plan: Plan) {
    this.digest.add(`${plan.connection}\n${plan.entity}\n`);
  }

  add(text: string, line: number) {
    this.from ||= line;
    this.to = line;
    this.count++;
    this.texts.push(text);
  }

  /** fold puts what was added away, where the browser may keep it on disk. */
  fold() {
    if (!this.texts.length) return;
    const text = this.texts.join("");
    this.digest.add(text);
    const piece = new Blob([text]);
    this.bytes += piece.size;
    this.pieces.push(piece);
    this.texts = [];
  }

  end(): Part {
    this.fold();
    return { body: new Blob(this.pieces, { type: "application/x-ndjson" }), count: this.count, key: `upload-${this.digest.sum()}`, from: this.from, to: this.to };
  }
}

/** beginning gives the first items of a file. */
export async function beginning(file: File, format: Format, plan: Plan, targets: Target[], many: number): Promise<{ line: number; item: Item; faults: Fault[] }[]> {
  const out: { line: number; item: Item; faults: Fault[] }[] = [];
  for await (const made of items(file, format, plan, targets)) {
    out.push(...made);
    if (out.length >= many) break;
  }
  return out.slice(0, many);
}
