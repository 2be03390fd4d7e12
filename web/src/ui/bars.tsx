import { cx } from "./cx";
import { count } from "@/ui/number";

type Look = "good" | "warn" | "bad" | "quiet";

/** Part is one layer of the bars, the first one at the foot. */
export interface Part<T> {
  name: string;
  look: Look;
  of: (row: T) => number;
}


/** What a layer looks like: its tone and, but for what is well, a pattern, so that colour alone tells nothing. */
const fills: Record<Look, { background: string }> = {
  good: { background: "var(--good)" },
  warn: { background: "repeating-linear-gradient(0deg, var(--warn) 0 2px, var(--warn-soft) 2px 4px)" },
  bad: { background: "repeating-linear-gradient(45deg, var(--bad) 0 3px, var(--bad-soft) 3px 5px)" },
  quiet: { background: "var(--edge)" },
};

interface Props<T> {
  title: string;
  unit: string;
  of: readonly T[];
  parts: Part<T>[];
  label: (row: T) => string;
  none: string;
}

/** Bars are stacked bars over time, with the same numbers as a table for whoever reads rather than looks. */
export function Bars<T>({ title, unit, of: rows, parts, label, none }: Props<T>) {
  const sums = rows.map((r) => parts.reduce((n, p) => n + p.of(r), 0));
  const all = sums.reduce((n, s) => n + s, 0);
  const top = Math.max(...sums, 1);
  const totals = parts.map((p) => ({ ...p, sum: rows.reduce((n, r) => n + p.of(r), 0) }));
  const told = (r: T) => parts.filter((p) => p.of(r)).map((p) => `${count(p.of(r))} ${p.name.toLowerCase()}`).join(", ") || "nothing";
  return (
    <figure className="min-w-0">
      <figcaption className="flex items-baseline justify-between gap-3">
        <h3>{title}</h3>
        <span className="text-sm text-muted tabular-nums">{count(all)}</span>
      </figcaption>
      <div className="relative mt-2 h-32 border-b border-edge" aria-hidden>
        <span className="absolute top-0 left-0 text-xs text-muted tabular-nums">{all ? count(top) : ""}</span>
        {all ? null : <p className="absolute inset-0 grid place-items-center text-sm text-muted">{none}</p>}
        <div className="absolute inset-x-0 top-5 bottom-0 flex items-end gap-px sm:gap-0.5">
          {rows.map((r, i) => (
            <div key={i} title={`${label(r)}: ${told(r)}`} className="flex h-full min-w-0 flex-1 flex-col-reverse hover:bg-sunken">
              {parts.filter((p) => p.of(r)).map((p) => (
                <div key={p.name} style={{ ...fills[p.look], height: `${(p.of(r) / top) * 100}%`, minHeight: 2 }} />
              ))}
            </div>
          ))}
        </div>
      </div>
      <div className="flex justify-between text-xs text-muted" aria-hidden>
        {[rows[0], rows[Math.floor(rows.length / 2)], rows.at(-1)].map((r, i) => (r === undefined ? null : <span key={i}>{label(r)}</span>))}
      </div>
      <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs">
        {totals.toReversed().filter((p) => p.sum || p.look === "good").map((p) => (
          <li key={p.name} className="inline-flex items-center gap-1.5">
            <span aria-hidden className="size-3 rounded-sm" style={fills[p.look]} />
            {p.name} <span className="text-muted tabular-nums">{count(p.sum)}</span>
          </li>
        ))}
      </ul>
      <details className="mt-2 text-xs">
        <summary className="w-fit text-ink hover:underline">As a table</summary>
        <div className="mt-2 max-h-72 overflow-auto rounded-lg border border-line" tabIndex={0} role="region" aria-label={`${title} as a table`}>
          <table className="w-full text-right tabular-nums">
            <caption className="sr-only">{title} by {unit.toLowerCase()}</caption>
            <thead className="sticky top-0 bg-sunken text-muted">
              <tr>
                <th scope="col" className="px-2 py-1 text-left">{unit}</th>
                {totals.toReversed().map((p) => <th key={p.name} scope="col" className="px-2 py-1">{p.name}</th>)}
              </tr>
            </thead>
            <tbody>
              {rows.map((r, i) => (
                <tr key={i} className={cx("border-t border-line", !sums[i] && "text-muted")}>
                  <th scope="row" className="px-2 py-1 text-left font-normal">{label(r)}</th>
                  {parts.toReversed().map((p) => <td key={p.name} className="px-2 py-1">{count(p.of(r))}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}
