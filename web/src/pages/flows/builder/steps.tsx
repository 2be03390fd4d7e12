import type { Schema } from "@/api/client";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Field, input } from "@/ui/field";
import { SchemaForm } from "./form";
import { kindOf, step as stepForm } from "./schema";
import type { Path, Step } from "./tree";

/** Problems says what is wrong, and what to write instead. */
export function Problems({ of }: { of: Schema<"FlowProblem">[] }) {
  return of.length ? <ul role="alert" className="space-y-1 text-sm">{of.map((p, i) => <li key={i}><span className="text-bad">{p.message}</span> {p.mend}</li>)}</ul> : null;
}

/** StepForm edits a step member by member, so that comments and the order of the rest of the document stay. */
export function StepForm({ value, set, problems }: { value: Step; set: (path: Path, v: unknown) => void; problems: Schema<"FlowProblem">[] }) {
  const kind = kindOf(value);
  const form = stepForm.properties!;
  const member = (name: string, required = false) => <SchemaForm key={name} name={name} form={form[name]!} value={value[name]} required={required} set={(v) => set([name], v)} />;
  const inner = value[kind];
  const bare = typeof inner !== "object" || inner === null || kind === "transform";
  return (
    <div className="space-y-4">
      <Problems of={problems} />
      {member("id", true)}
      {kind === "branch" && Array.isArray(inner) ? <Arms of={inner as Arm[]} set={(v) => set(["branch"], v)} />
      : kind === "step" ? null
      : <SchemaForm name={bare ? kind : ""} form={form[kind]!} value={inner} required skip={["steps"]} set={(v) => set([kind], v)} />}
      {["if", "on_error", "retry"].map((n) => member(n))}
    </div>
  );
}

interface Arm {
  if?: unknown;
  else?: boolean;
  steps: unknown[];
}

function Arms({ of, set }: { of: Arm[]; set: (v: Arm[]) => void }) {
  const last = of.at(-1);
  return (
    <fieldset className="space-y-3">
      <legend className="text-sm font-semibold">Ways: the first whose condition holds is gone</legend>
      {of.map((arm, i) => (
        <div key={i} className="flex items-end gap-2">
          <Field label={arm.else ? `Way ${i + 1}: else` : `Way ${i + 1}: if`} className="min-w-0 flex-1">
            {(ids) => <input {...ids} disabled={arm.else} spellCheck={false} className={cx(input, "font-mono text-xs")} value={arm.else ? "" : String(arm.if ?? "")} onChange={(e) => set(of.map((a, j) => (j === i ? { ...a, if: e.target.value } : a)))} />}
          </Field>
          <Button size="small" aria-label={`Take out way ${i + 1} with its steps`} onClick={() => set(of.filter((_, j) => j !== i))}>Take out</Button>
        </div>
      ))}
      <div className="flex gap-2">
        <Button size="small" onClick={() => set(last?.else ? [...of.slice(0, -1), { if: "true", steps: [] }, last] : [...of, { if: "true", steps: [] }])}>Another way</Button>
        {last?.else ? null : <Button size="small" onClick={() => set([...of, { else: true, steps: [] }])}>Else</Button>}
      </div>
    </fieldset>
  );
}
