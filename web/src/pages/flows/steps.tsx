import type { Schema } from "@/api/client";
import { cx } from "@/ui/cx";
import { count } from "@/ui/number";
import { Panel } from "@/ui/panel";
import { nameOfStep } from "./begins";
import { fates } from "./counts";


/** Steps lists the steps of a run that take items in, with what became of those; one that is chosen narrows the items below. */
export function Steps({ of, chosen, choose }: { of: Schema<"FlowStep">[]; chosen?: string; choose: (step?: string) => void }) {
  if (!of.length) return null;
  return (
    <Panel flush title="Steps">
      <div className="overflow-x-auto">
        <table className="w-full text-sm">
          <thead className="bg-sunken text-xs text-muted">
            <tr>
              <th scope="col" className="px-4 py-2 text-left">Items of</th>
              <th scope="col" className="px-3 py-2 text-right whitespace-nowrap">In</th>
              {fates.map(([name]) => (
                <th key={name} scope="col" className="px-3 py-2 text-right whitespace-nowrap capitalize">{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {of.map((s) => (
              <tr key={s.step} className={cx("border-t border-line", s.step === chosen && "bg-accent-soft")}>
                <th scope="row" className="min-w-40 px-4 py-2 text-left font-semibold">
                  <button type="button" aria-pressed={s.step === chosen} onClick={() => choose(s.step === chosen ? undefined : s.step)} className="text-left text-ink hover:underline">{nameOfStep(s.step)}</button>
                </th>
                <td className="px-3 py-2 text-right whitespace-nowrap tabular-nums">{count(s.counts.in)}</td>
                {fates.map(([name, tone]) => (
                  <td key={name} className={cx("px-3 py-2 text-right whitespace-nowrap tabular-nums", s.counts[name] === 0 && "text-muted", s.counts[name] > 0 && tone === "bad" && "font-semibold text-bad")}>{count(s.counts[name])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
