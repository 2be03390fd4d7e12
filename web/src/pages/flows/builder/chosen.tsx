import type { Schema } from "@/api/client";
import { Button } from "@/ui/button";
import { Panel } from "@/ui/panel";
import { Notice } from "@/ui/say";
import { SchemaForm } from "./form";
import { document as whole, kindOf, kinds } from "./schema";
import type { Read } from "./settings";
import { Problems, StepForm } from "./steps";
import type { Path, Step } from "./tree";

interface Props {
  at: Path;
  value: unknown;
  read: Read;
  problems: Schema<"FlowProblem">[];
  last: boolean;
  set: (at: Path, v: unknown) => void;
  add: (list: Path, i: number, kind: string) => void;
  move: (by: -1 | 1) => void;
  remove: () => void;
}

const ofDocument = ["flow", "title", "description", "connections", "parameters", "runs"];

/** Chosen is the form of what is chosen on the canvas: a step, what begins the flow, or the flow itself. */
export function Chosen({ at, value, read, problems, last, set, add, move, remove }: Props) {
  const key = at.join(".");
  const own = problems.filter((p) => key && (p.path === key || p.path.startsWith(`${key}.`)));
  if (at[0] === "trigger") {
    return (
      <Panel title="What begins it">
        <Problems of={own} />
        <SchemaForm key="trigger" name="" form={whole.properties!.trigger!} value={value ?? {}} set={(v) => set(["trigger"], v && Object.keys(v as object).length ? v : undefined)} />
      </Panel>
    );
  }
  if (at.length && value && typeof value === "object") {
    const step = value as Step;
    const place = at.at(-1) as number;
    return (
      <Panel
        title={<h2 className="min-w-0">{kindOf(step)}: {step.id ?? ""}</h2>}
        actions={
          <>
            <select id="add-behind" aria-label="Add a step behind this one" value="" className="min-h-8 rounded-lg border border-edge bg-surface px-2 text-[0.8125rem] font-semibold" onChange={(e) => add(at.slice(0, -1), place + 1, e.target.value)}>
              <option value="" disabled>Add behind…</option>
              {kinds.map((k) => <option key={k} value={k}>{k}</option>)}
            </select>
            <Button size="small" disabled={place === 0} onClick={() => move(-1)}>Up</Button>
            <Button size="small" disabled={last} onClick={() => move(1)}>Down</Button>
            <Button size="small" look="danger" onClick={remove}>Take out</Button>
          </>
        }
      >
        <StepForm key={key} value={step} problems={own} set={(path, v) => set([...at, ...path], v)} />
      </Panel>
    );
  }
  return (
    <>
      <Notice tone="quiet" title="Choose a step to open its form">What you change in a form stands in the text at once, and the other way round.</Notice>
      <Panel>
        <details>
          <summary className="text-sm font-semibold">The flow itself: title, connections, parameters, runs at once</summary>
          <div className="mt-4 space-y-4">
            {ofDocument.map((name) => (
              <SchemaForm key={name} name={name} form={whole.properties![name]!} value={read[name]} required={name === "flow"} set={(v) => set([name], v)} />
            ))}
          </div>
        </details>
      </Panel>
    </>
  );
}
