import { X } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { input, SelectField, TextField } from "@/ui/field";
import { Notice } from "@/ui/say";
import type { Plan } from "./items";
import type { Column } from "./source";
import { missing, type Target } from "./targets";

interface Props {
  columns: Column[];
  targets: Target[];
  plan: Plan;
  change: (part: Partial<Plan>) => void;
  csv: boolean;
}

/** Columns says what each column of the file fills. */
export function Columns({ columns, targets, plan, change, csv }: Props) {
  const used = new Set([...Object.values(plan.columns), ...Object.keys(plan.fixed)]);
  const lists = new Set(Object.values(plan.columns).map((p) => targets.find((t) => t.path === p)).filter((t) => t?.list && t.kind !== "list").map((t) => t!.list!));
  const lacking = missing(targets, used);
  const set = (column: string, path: string) => change({ columns: Object.fromEntries([...Object.entries({ ...plan.columns, [column]: path })].filter(([, p]) => p)) });
  return (
    <div className="space-y-5">
      <div className="-mx-4 -mt-4 overflow-x-auto">
        <table className="w-full text-sm">
          <thead className="bg-sunken text-left text-xs text-muted">
            <tr>
              <th scope="col" className="px-4 py-2">Column of the file</th>
              <th scope="col" className="hidden px-4 py-2 md:table-cell">What stands in it</th>
              <th scope="col" className="px-4 py-2">Fills</th>
            </tr>
          </thead>
          <tbody>
            {columns.map((c) => (
              <tr key={c.name} className="border-t border-line">
                <th scope="row" className="px-4 py-2 text-left font-semibold">
                  {c.name}
                  <span className="block text-xs font-normal text-muted md:hidden">{c.samples.join(" · ") || "empty"}</span>
                </th>
                <td className="hidden max-w-80 truncate px-4 py-2 font-mono text-xs text-muted md:table-cell">{c.samples.join(" · ") || "empty"}</td>
                <td className="px-4 py-1.5">
                  <Choice label={`What ${c.name} fills`} targets={targets} value={plan.columns[c.name] ?? ""} taken={used} none="Nothing" set={(p) => set(c.name, p)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {lacking.length ? (
        <Notice tone="warn" title="Something that must be given is not.">
          <p>Choose a column for it, or one value for all: {lacking.map((t) => t.label).join(", ")}.</p>
        </Notice>
      ) : null}
      <Fixed targets={targets.filter((t) => !["id", "client_ref"].includes(t.path) && t.kind !== "list")} used={used} plan={plan} change={change} />
      <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-4">
        {csv && lists.size ? (
          <SelectField label="Rows of one record" value={plan.together} onChange={(e) => change({ together: e.target.value })} help={`Rows that follow each other with the same value become one record with many ${[...lists].join(" and ")}.`}>
            <option value="">Each row is a record of its own</option>
            {columns.map((c) => (
              <option key={c.name} value={c.name}>have the same {c.name}</option>
            ))}
          </SelectField>
        ) : null}
        <SelectField label="Numbers are written" value={plan.style.numbers} onChange={(e) => change({ style: { ...plan.style, numbers: e.target.value as "point" } })}>
          <option value="point">1,234.56</option>
          <option value="comma">1.234,56</option>
        </SelectField>
        <SelectField label="Dates are written" value={plan.style.dates} onChange={(e) => change({ style: { ...plan.style, dates: e.target.value as "iso" } })} help="2026-11-30 is always understood.">
          <option value="iso">2026-11-30</option>
          <option value="dmy">30.11.2026 or 30/11/2026</option>
          <option value="mdy">11/30/2026</option>
        </SelectField>
        {plan.op === "update" ? (
          <SelectField label="An empty cell" value={plan.clear ? "clear" : ""} onChange={(e) => change({ clear: e.target.value === "clear" })}>
            <option value="">leaves the field alone</option>
            <option value="clear">empties the field</option>
          </SelectField>
        ) : null}
      </div>
    </div>
  );
}

/** Choice chooses a target, of which each may be chosen once. */
function Choice({ label, targets, value, taken, none, set }: { label: string; targets: Target[]; value: string; taken: Set<string>; none: string; set: (path: string) => void }) {
  const one = targets.find((t) => t.path === value);
  return (
    <div className="flex flex-wrap items-center gap-2">
      <select aria-label={label} className={cx(input, "min-w-40 flex-1 pr-8 sm:max-w-80", !value && "text-muted")} value={value} onChange={(e) => set(e.target.value)}>
        <option value="">{none}</option>
        {targets.map((t) => (
          <option key={t.path} value={t.path} disabled={t.path !== value && taken.has(t.path)}>{t.label}{t.required ? " (required)" : ""}</option>
        ))}
      </select>
      {one ? <span className="hidden text-xs text-muted lg:inline">{kindOf(one)}</span> : null}
    </div>
  );
}

const kinds: Record<string, string> = {
  string: "text", text: "text", decimal: "number", integer: "whole number", boolean: "yes or no", date: "date", instant: "time", ref: "id or the system's own key", refs: "ids, separated by ;",
  id: "id or the system's own key", enum: "one of a list", list: "list", words: "lines, separated by ;",
};

/** kindOf says what a target takes. */
function kindOf(t: Target): string {
  if (t.values?.length) return t.values.length > 6 ? `${t.values.slice(0, 6).join(", ")} …` : t.values.join(", ");
  return kinds[t.kind] ?? "JSON";
}

/** Fixed gives every record the same value of a field. */
function Fixed({ targets, used, plan, change }: { targets: Target[]; used: Set<string>; plan: Plan; change: (part: Partial<Plan>) => void }) {
  const [path, setPath] = useState("");
  const [value, setValue] = useState("");
  const chosen = targets.find((t) => t.path === path);
  const add = () => {
    change({ fixed: { ...plan.fixed, [path]: value } });
    setPath("");
    setValue("");
  };
  return (
    <fieldset className="space-y-3">
      <legend className="text-sm font-semibold">The same for every record</legend>
      {Object.keys(plan.fixed).length ? (
        <ul className="flex flex-wrap gap-2">
          {Object.entries(plan.fixed).map(([p, v]) => (
            <li key={p} className="inline-flex items-center gap-1">
              <Badge tone="quiet">{targets.find((t) => t.path === p)?.label ?? p}: {v}</Badge>
              <Button look="quiet" size="small" aria-label={`Take out ${p}`} onClick={() => change({ fixed: Object.fromEntries(Object.entries(plan.fixed).filter(([o]) => o !== p)) })}>
                <X size={14} aria-hidden />
              </Button>
            </li>
          ))}
        </ul>
      ) : null}
      <div className="flex flex-wrap items-end gap-2">
        <SelectField label="Field" value={path} className="min-w-40 flex-1 sm:max-w-80" onChange={(e) => setPath(e.target.value)}>
          <option value="">Choose…</option>
          {targets.map((t) => (
            <option key={t.path} value={t.path} disabled={used.has(t.path)}>{t.label}</option>
          ))}
        </SelectField>
        {chosen?.values?.length ? (
          <SelectField label="Value" value={value} className="min-w-40 flex-1 sm:max-w-80" onChange={(e) => setValue(e.target.value)}>
            <option value="">Choose…</option>
            {chosen.values.map((v) => (
              <option key={v}>{v}</option>
            ))}
          </SelectField>
        ) : (
          <TextField label="Value" value={value} className="min-w-40 flex-1 sm:max-w-80" onChange={(e) => setValue(e.target.value)} />
        )}
        <Button disabled={!path || !value.trim()} onClick={add}>Add</Button>
      </div>
    </fieldset>
  );
}
