import { Check, Copy as CopyIcon } from "lucide-react";
import { useState } from "react";
import { Button } from "./button";

/** Copy puts a text on the clipboard. */
export function Copy({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 2000);
  };
  return (
    <Button size="small" onClick={() => void copy()} aria-label={label}>
      {done ? <Check size={14} aria-hidden /> : <CopyIcon size={14} aria-hidden />}
      <span aria-live="polite">{done ? "Copied" : "Copy"}</span>
    </Button>
  );
}

/** Secret shows a secret that is not shown again. */
export function Secret({ text, label }: { text: string; label: string }) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <code className="min-w-0 flex-1 rounded-lg border border-line bg-sunken px-3 py-2 font-mono text-sm break-all select-all">{text}</code>
      <Copy text={text} label={label} />
    </div>
  );
}
