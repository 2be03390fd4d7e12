import type { Target } from "./targets";

/** Style is how a file writes what can be written in several ways. */
export interface Style {
  numbers: "point" | "comma";
  dates: "iso" | "dmy" | "mdy";
}

/** Wrong says why a cell cannot be read as its field. */
export class Wrong extends Error {}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** isId tells whether a text is an id of ours. */
export const isId = (text: string) => uuid.test(text);

const yes = ["true", "yes", "y", "1", "x"];
const no = ["false", "no", "n", "0"];

/** convert reads a cell as a field takes it. What is no text already, as in NDJSON, is left as it is. */
export function convert(value: unknown, t: Target, style: Style): unknown {
  if (typeof value !== "string") return (t.kind === "decimal" || t.kind === "string") && typeof value === "number" ? String(value) : value;
  const text = value.trim();
  switch (t.kind) {
    case "text":
      return value;
    case "integer": {
      const n = Number(numberOf(text, style));
      if (!Number.isSafeInteger(n)) throw new Wrong("is no whole number");
      return n;
    }
    case "decimal":
      return numberOf(text, style);
    case "boolean":
      if (yes.includes(text.toLowerCase())) return true;
      if (no.includes(text.toLowerCase())) return false;
      throw new Wrong("is neither yes nor no");
    case "date":
      return dateOf(text, style);
    case "instant":
      if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i.test(text)) throw new Wrong("is no time with its zone, such as 2026-11-30T06:00:00Z");
      return text.replace(" ", "T");
    case "ref":
      return isId(text) ? text : { remote_id: text };
    case "enum":
      return wordOf(text, t.values ?? []);
    case "refs":
      return text.split(/[;|]/).map((s) => s.trim()).filter(Boolean);
    case "words":
      return text.split(/\n|;/).map((s) => s.trim()).filter(Boolean);
    case "list":
    case "map":
    case "object":
    case "address":
    case "contact":
    case "money":
    case "quantity":
    case "link":
      return jsonOf(text);
  }
  if (t.values?.length && !t.values.includes(text)) throw new Wrong(`is none of ${some(t.values)}`);
  return text;
}

const some = (values: string[]) => (values.length > 8 ? `${values.slice(0, 8).join(", ")} …` : values.join(", "));

/** numberOf writes a number as the API takes it, without the marks of thousands. A mark that could be either is refused rather than guessed. */
function numberOf(text: string, style: Style): string {
  const [thousands, point] = style.numbers === "comma" ? [".", ","] : [",", "."];
  const bare = text.replace(/[\s\u00a0\u202f'’]/g, "").replace(/^\u2212/, "-");
  const shape = new RegExp(`^[+-]?(\\d+|\\d{1,3}(\\${thousands}\\d{3})+)(\\${point}\\d+)?$`);
  if (!shape.test(bare)) throw new Wrong(style.numbers === "comma" ? "is no number with a decimal comma" : "is no number with a decimal point");
  return bare.replaceAll(thousands, "").replace(point, ".").replace(/^\+/, "");
}

function dateOf(text: string, style: Style): string {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$/.exec(text);
  if (iso) return day(iso[1]!, iso[2]!, iso[3]!);
  const short = /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$/.exec(text);
  if (short && style.dates === "dmy") return day(short[3]!, short[2]!, short[1]!);
  if (short && style.dates === "mdy") return day(short[3]!, short[1]!, short[2]!);
  throw new Wrong(style.dates === "iso" ? "is no date like 2026-11-30" : style.dates === "dmy" ? "is no date like 30.11.2026" : "is no date like 11/30/2026");
}

function day(y: string, m: string, d: string): string {
  const text = `${y}-${m.padStart(2, "0")}-${d.padStart(2, "0")}`;
  const at = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== text) throw new Wrong("is no day of the calendar");
  return text;
}

function wordOf(text: string, values: string[]): string {
  if (!values.length || values.includes(text)) return text;
  const same = (w: string) => w.toLowerCase().replace(/[\s_-]+/g, "_");
  const found = values.find((v) => same(v) === same(text));
  if (!found) throw new Wrong(`is none of ${some(values)}`);
  return found;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Wrong("is not JSON, which this field takes");
  }
}

/** styleOf guesses from samples how numbers and dates are written. */
export function styleOf(samples: string[]): Style {
  const comma = samples.some((s) => /^-?[\d.\s']*\d,\d{1,2}$|^-?\d+,\d{4,}$/.test(s));
  const point = samples.some((s) => /\d\.\d{1,2}$/.test(s) && !/\d\.\d+\.\d/.test(s));
  const short = samples.map((s) => /^(\d{1,2})([./-])(\d{1,2})[./-]\d{4}$/.exec(s)).filter((m) => m !== null);
  const mdy = short.some((m) => Number(m[3]) > 12) || (short.length > 0 && short.every((m) => m[2] === "/" && Number(m[1]) <= 12) && !comma);
  return { numbers: comma && !point ? "comma" : "point", dates: !short.length ? "iso" : mdy ? "mdy" : "dmy" };
}
