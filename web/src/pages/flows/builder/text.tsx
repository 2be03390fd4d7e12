import { useRef } from "react";
import type { Schema } from "@/api/client";
import { cx } from "@/ui/cx";
import { Panel } from "@/ui/panel";

type Problem = Schema<"FlowProblem">;

/** Text is the document as it is written, with what is wrong at its line. */
export function Text({ text, set, problems, show, fixed }: { text: string; set: (t: string) => void; problems: Problem[]; show: (p: Problem) => void; fixed: boolean }) {
  const box = useRef<HTMLTextAreaElement>(null);
  const lines = text.split("\n");
  const wrong = new Map(problems.map((p) => [p.line, p.message]));
  const go = (p: Problem) => {
    const at = lines.slice(0, Math.max(0, p.line - 1)).reduce((n, l) => n + l.length + 1, 0);
    show(p);
    box.current?.focus();
    box.current?.setSelectionRange(at, at + (lines[p.line - 1]?.length ?? 0));
  };
  return (
    <Panel flush title="As text">
      {problems.length ? (
        <ul className="space-y-1 border-b border-line bg-bad-soft px-4 py-3 text-sm">
          {problems.map((p, i) => (
            <li key={i}>
              <button type="button" onClick={() => go(p)} className="text-left hover:underline"><span className="font-semibold">Line {p.line}:</span> <span className="text-bad">{p.message}</span> {p.mend}</button>
            </li>
          ))}
        </ul>
      ) : null}
      <div className="flex max-h-[44rem] overflow-auto py-3 font-mono text-xs leading-relaxed">
        <div aria-hidden className="shrink-0 pr-2 pl-3 text-right text-muted select-none">
          {lines.map((_, i) => <div key={i} title={wrong.get(i + 1)} className={cx("rounded px-1", wrong.has(i + 1) && "bg-bad-soft font-semibold text-bad")}>{i + 1}</div>)}
        </div>
        <textarea ref={box} aria-label="The document as YAML" readOnly={fixed} spellCheck={false} wrap="off" rows={lines.length + 1} className="block min-w-0 flex-1 resize-none overflow-x-auto overflow-y-hidden bg-surface pr-3 leading-relaxed whitespace-pre outline-offset-[-3px]" value={text} onChange={(e) => set(e.target.value)} />
      </div>
    </Panel>
  );
}
