import type { Problem, Schema } from "@/api/client";
import { State } from "@/ui/badge";
import { Json } from "@/ui/json";
import { Panel } from "@/ui/panel";
import { Notice } from "@/ui/say";

type Tested = Schema<"TestedFlow">;

/** Trace shows what a test run gave: for each item each step, what it gives and what it would send. Nothing was sent. */
export function Trace({ of }: { of: Tested }) {
  return (
    <Panel title="Test run: nothing was sent">
      {of.nothing ? <Notice tone="warn" title="Nothing was tested">{of.nothing}</Notice> : null}
      <ul className="space-y-3">
        {of.threads.map((t) => {
          const p = t.error as Problem | null;
          return (
            <li key={`${t.step}/${t.n}`} className="rounded-lg border border-line">
              <p className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-2 text-sm"><span className="font-semibold">{t.step === "-" ? "The steps on top" : `${t.step}: ${t.key || `#${t.n}`}`}</span> <State state={t.status} /></p>
              <div className="space-y-2 p-3">
                {p ? <Notice tone="bad" title={p.title ?? "It would fail"}><p>{p.detail}</p>{p.errors?.map((e, k) => <p key={k}><code className="font-mono text-xs">{e.pointer}</code> {e.detail}</p>)}</Notice> : null}
                <details><summary className="text-sm">Input</summary><Json of={t.input} /></details>
                {t.steps.map((s, i) => (
                  <details key={i} open={Boolean(s.would)}>
                    <summary className="text-sm"><span className="font-semibold">{s.id}</span> <span className="text-muted">{s.kind}{s.would ? ", would send" : ""}</span></summary>
                    {s.would ? <Json of={s.would} /> : <Json of={s.result} />}
                  </details>
                ))}
              </div>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
