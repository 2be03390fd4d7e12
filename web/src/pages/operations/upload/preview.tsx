import { useEffect, useState } from "react";
import { Value } from "@/pages/records/value";
import { words } from "@/ui/badge";
import { Json } from "@/ui/json";
import { count } from "@/ui/number";
import { Failure, Loading, Notice } from "@/ui/say";
import type { Fault, Made, Plan } from "./items";
import { beginning } from "./prepare";
import type { Format } from "./source";
import type { Target } from "./targets";

/** How many records are shown, and tried. */
export const shownFirst = 20;

/** useBeginning reads the first records of a file anew whenever the plan changes. */
export function useBeginning(file: File, format: Format, plan: Plan, targets: Target[]) {
  const [first, setFirst] = useState<Made[]>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    let stale = false;
    const timer = setTimeout(() => {
      beginning(file, format, plan, targets, shownFirst).then(
        (made) => !stale && (setFirst(made), setError(undefined)),
        (e) => !stale && setError(e),
      );
    }, 150);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [file, format, plan, targets]);
  return { first, error };
}

/** Preview shows the first records as they would be sent. */
export function Preview({ first, error }: { first: Made[] | undefined; error: unknown }) {
  if (error) return <Failure error={error} />;
  if (!first) return <Loading />;
  const names = [...new Set(first.flatMap((m) => Object.keys(m.item.data ?? {})))];
  const ids = first.some((m) => m.item.id);
  return (
    <div className="space-y-4">
      <Faults of={first.flatMap((m) => m.faults)} all={first.reduce((n, m) => n + m.faults.length, 0)} title="Among the first records, this cannot be read" />
      <div className="-mx-4 overflow-x-auto border-y border-line" tabIndex={0} role="region" aria-label="The first records">
        <table className="w-full text-sm">
          <thead className="bg-sunken text-left text-xs text-muted">
            <tr>
              <th scope="col" className="px-4 py-2 whitespace-nowrap">Line</th>
              {ids ? <th scope="col" className="px-4 py-2">Record</th> : null}
              <th scope="col" className="px-4 py-2 whitespace-nowrap">Your reference</th>
              {names.map((n) => (
                <th key={n} scope="col" className="px-4 py-2 whitespace-nowrap">{words(n.replace(/_id$/, ""))}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {first.map((m) => (
              <tr key={m.line} className={m.faults.length ? "border-t border-line bg-bad-soft" : "border-t border-line"}>
                <th scope="row" className="px-4 py-1.5 text-left font-normal text-muted tabular-nums">{m.line}</th>
                {ids ? <td className="px-4 py-1.5 font-mono text-xs whitespace-nowrap">{m.item.id}</td> : null}
                <td className="px-4 py-1.5 whitespace-nowrap">{m.item.client_ref}</td>
                {names.map((n) => (
                  <td key={n} className="max-w-64 truncate px-4 py-1.5">
                    {n in (m.item.data ?? {}) && m.item.data![n] === null ? <em className="text-muted">emptied</em> : <Value of={m.item.data?.[n]} name={n === "status" ? undefined : n} />}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <details className="text-sm">
        <summary className="text-ink">The same as JSON</summary>
        <div className="mt-2 rounded-lg border border-line"><Json of={first.slice(0, 3).map((m) => m.item)} /></div>
      </details>
    </div>
  );
}

/** Faults lists what cannot be read, and where. */
export function Faults({ of, all, title }: { of: Fault[]; all: number; title: string }) {
  if (!all) return null;
  return (
    <Notice tone="bad" title={`${title} (${count(all)})`}>
      <ul className="max-h-56 list-disc overflow-auto pl-5" tabIndex={0}>
        {of.map((f, i) => (
          <li key={i}>Line {f.line}{f.column ? <>, <strong>{f.column}</strong></> : null}: {f.detail}</li>
        ))}
        {all > of.length ? <li>… and {count(all - of.length)} more</li> : null}
      </ul>
    </Notice>
  );
}
