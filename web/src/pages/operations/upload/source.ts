import type Papa from "papaparse";

/** Format is how a file is to be read. */
export interface Format {
  kind: "csv" | "ndjson";
  encoding: string;
  delimiter: string;
}

/** Column is one of a file's columns, with what stands in its first rows. */
export interface Column {
  name: string;
  samples: string[];
}

/** Sniffed is what the beginning of a file tells. */
export interface Sniffed {
  format: Format;
  columns: Column[];
  /** The lines are items of a batch as the API takes them. */
  items: boolean;
}

/** Line is a row of a file. The first line of a file is 1; a row that cannot be read has a fault. */
export interface Line {
  line: number;
  record: Record<string, unknown>;
  fault?: string;
}

/** Unreadable is a file that is none of those that can be read. */
export class Unreadable extends Error {}

const beginning = 512 << 10;
const longest = 1 << 20; // of one row: as much as the API takes of one item

/** sniff looks at the beginning of a file: of which kind it is, and which columns it has. */
export async function sniff(file: File): Promise<Sniffed> {
  if (!file.size) throw new Unreadable("The file is empty.");
  const bytes = new Uint8Array(await file.slice(0, beginning).arrayBuffer());
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) throw new Unreadable("This is a workbook or an archive. Save the sheet as CSV (UTF-8) and choose that file.");
  const encoding = encodingOf(bytes, bytes.length < file.size);
  const text = new TextDecoder(encoding).decode(bytes).trimStart();
  if (text.includes("\0")) throw new Unreadable("This is not a text file. CSV and NDJSON can be uploaded.");
  if (text.startsWith("[")) throw new Unreadable("This is one JSON list. NDJSON has one object on each line, without commas between them.");
  const ndjson = text.startsWith("{");
  const format: Format = { kind: ndjson ? "ndjson" : "csv", encoding, delimiter: ndjson ? "" : await delimiterOf(text) };
  return { format, ...(await columnsOf(file, format)) };
}

function encodingOf(bytes: Uint8Array, more: boolean): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: more });
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}

async function delimiterOf(text: string): Promise<string> {
  const { default: papa } = await import("papaparse");
  const found = papa.parse(text.slice(0, 64 << 10), { preview: 20, skipEmptyLines: "greedy", delimitersToGuess: [",", ";", "\t", "|"] });
  return found.meta.delimiter || ",";
}

async function columnsOf(file: File, format: Format): Promise<Pick<Sniffed, "columns" | "items">> {
  const columns = new Map<string, string[]>();
  let seen = 0;
  let items = true;
  for await (const lines of read(file, format)) {
    for (const { record, fault } of lines) {
      if (fault || ++seen > 200) continue;
      items &&= typeof record.op === "string" && (typeof record.data === "object" || record.op === "delete");
      for (const [name, value] of Object.entries(record)) {
        const samples = columns.get(name) ?? [];
        columns.set(name, samples);
        const text = shown(value);
        if (text && samples.length < 3 && !samples.includes(text)) samples.push(text);
      }
    }
    if (seen >= 200) break;
  }
  if (!seen) throw new Unreadable(format.kind === "csv" ? "The file has a head and no rows, or none that can be read." : "No line of the file is a JSON object.");
  return { columns: [...columns].map(([name, samples]) => ({ name, samples })), items: items && format.kind === "ndjson" };
}

/** shown writes a value of a file in a line. */
export function shown(value: unknown): string {
  const text = value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** read gives the rows of a file, some at a time, and lets the page breathe between. It ends by an Unreadable where the text cannot be decoded. */
export async function* read(file: File, format: Format, progress?: (bytes: number) => void): AsyncGenerator<Line[]> {
  const parse = format.kind === "csv" ? await csv(format.delimiter) : ndjson();
  const decoder = new TextDecoder(format.encoding, { fatal: true });
  const step = 64 << 10; // as much as is parsed in some milliseconds
  for (let at = 0; at < file.size; at += step) {
    const last = at + step >= file.size;
    let text: string;
    try {
      text = decoder.decode(await file.slice(at, at + step).arrayBuffer(), { stream: !last });
    } catch (e) {
      throw new Unreadable(e instanceof TypeError ? `The file is not in ${format.encoding.toUpperCase()} throughout. Save it as UTF-8.` : "The file cannot be read any more: it has changed or moved since it was chosen. Choose it again.");
    }
    const lines = parse(text, last);
    if (lines.length) yield lines;
    progress?.(Math.min(at + step, file.size));
    await new Promise((go) => setTimeout(go));
  }
}

type Parser = (text: string, last: boolean) => Line[];

/** ends makes the ends of lines one character, whatever they are and wherever the text is cut. */
function ends(): (text: string, last: boolean) => string {
  let kept = "";
  return (text, last) => {
    text = kept + text;
    kept = !last && text.endsWith("\r") ? "\r" : "";
    return (kept ? text.slice(0, -1) : text).replace(/\r\n?/g, "\n");
  };
}

async function csv(delimiter: string): Promise<Parser> {
  const { default: papa } = await import("papaparse");
  const even = ends();
  let rest = "";
  let line = 1;
  let head: string[] | undefined;
  return (text, last) => {
    rest += even(text, last);
    const parser = new papa.Parser({ delimiter, newline: "\n" });
    const found = parser.parse(rest, 0, !last) as Papa.ParseResult<string[]>;
    const broken = new Map(found.errors.map((e) => [e.row ?? 0, e.type === "Quotes" ? "A quotation mark is not closed, or stands where none may stand." : e.message]));
    rest = last ? "" : rest.slice(found.meta.cursor);
    if (rest.length > longest) throw new Unreadable(`From line ${line + found.data.reduce((n, row) => n + height(row), 0)} on, a quotation mark is not closed, or a row is larger than 1 MiB.`);
    const lines: Line[] = [];
    found.data.forEach((row, i) => {
      const at = line;
      line += height(row);
      if (row.length === 1 && !row[0]?.trim()) return;
      if (!head) {
        head = titles(row);
        return;
      }
      lines.push(rowOf(head, row, at, broken.get(i)));
    });
    return lines;
  };
}

/** height is how many lines of the file a row takes. */
function height(row: string[]): number {
  let n = 1;
  for (const cell of row) if (cell.includes("\n")) n += cell.split("\n").length - 1;
  return n;
}

/** titles names each column once. */
function titles(row: string[]): string[] {
  const seen = new Map<string, number>();
  return row.map((cell, i) => {
    const name = cell.replace(/^\ufeff/, "").trim() || `Column ${i + 1}`;
    const n = (seen.get(name) ?? 0) + 1;
    seen.set(name, n);
    return n > 1 ? `${name} (${n})` : name;
  });
}

function rowOf(head: string[], row: string[], line: number, fault?: string): Line {
  const record: Record<string, unknown> = {};
  head.forEach((name, i) => (record[name] = row[i] ?? ""));
  if (!fault && row.slice(head.length).some((c) => c.trim())) fault = `The row has ${row.length} cells, and the head has ${head.length}.`;
  if (!fault && row.length < head.length) fault = `The row has only ${row.length} cells of ${head.length}.`;
  return { line, record, fault };
}

function ndjson(): Parser {
  const even = ends();
  let rest = "";
  let line = 0;
  return (text, last) => {
    const all = (rest + even(text, last)).split("\n");
    rest = last ? "" : (all.pop() ?? "");
    if (rest.length > longest) throw new Unreadable(`Line ${line + all.length + 1} is larger than 1 MiB.`);
    const lines: Line[] = [];
    for (const one of all) {
      line++;
      const json = one.replace(/^\ufeff/, "").trim();
      if (json) lines.push(objectOf(json, line));
    }
    return lines;
  };
}

function objectOf(json: string, line: number): Line {
  try {
    const record = JSON.parse(json) as unknown;
    if (typeof record === "object" && record && !Array.isArray(record)) return { line, record: record as Record<string, unknown> };
    return { line, record: {}, fault: "The line is no JSON object." };
  } catch (e) {
    return { line, record: {}, fault: `The line is not JSON: ${(e as Error).message}` };
  }
}
