import { useMemo } from "react";
import { Copy } from "./copy";

/** Json shows a value as JSON, names set off from values. */
export function Json({ of }: { of: unknown }) {
  const text = useMemo(() => JSON.stringify(of, null, 2), [of]);
  return (
    <div className="relative">
      <div className="absolute top-2 right-3"><Copy text={text} label="Copy the JSON" /></div>
      <pre tabIndex={0} className="max-h-[32rem] overflow-auto px-4 py-3 font-mono text-xs leading-relaxed whitespace-pre-wrap">
        {text.split("\n").map((line, i) => {
          const m = /^(\s*)("(?:[^"\\]|\\.)*")(: )(.*)$/.exec(line);
          return m ? <span key={i}>{m[1]}<span className="text-ink">{m[2]}</span>{m[3]}{m[4]}{"\n"}</span> : <span key={i}>{line}{"\n"}</span>;
        })}
      </pre>
    </div>
  );
}
