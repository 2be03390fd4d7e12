import { type ReactNode } from "react";

/** Markdown shows the guides of connectors: headings, paragraphs, lists, code, emphasis and links. What it does not know it shows as it is written; no HTML of a text becomes a page's. */
export function Markdown({ text }: { text: string }) {
  return <div className="space-y-3 text-sm [&_code]:rounded [&_code]:bg-sunken [&_code]:px-1 [&_code]:font-mono [&_code]:text-xs">{blocks(text)}</div>;
}

function blocks(text: string): ReactNode[] {
  const out: ReactNode[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; ) {
    const line = lines[i]!;
    const key = i;
    if (line.startsWith("```")) {
      const end = lines.findIndex((l, j) => j > i && l.startsWith("```"));
      const stop = end < 0 ? lines.length : end;
      out.push(<pre key={key} tabIndex={0} className="overflow-x-auto rounded-lg bg-sunken px-3 py-2 font-mono text-xs">{lines.slice(i + 1, stop).join("\n")}</pre>);
      i = stop + 1;
    } else if (/^#{1,6} /.test(line)) {
      out.push(<h3 key={key} className="pt-1">{inline(line.replace(/^#+ /, ""))}</h3>);
      i++;
    } else if (/^\s*([-*]|\d+\.) /.test(line)) {
      const ordered = /^\s*\d/.test(line);
      const items: string[] = [];
      for (; i < lines.length && lines[i]!.trim(); i++) {
        const m = /^\s*(?:[-*]|\d+\.) (.*)$/.exec(lines[i]!);
        if (m) items.push(m[1]!);
        else items[items.length - 1] += ` ${lines[i]!.trim()}`;
      }
      const List = ordered ? "ol" : "ul";
      out.push(<List key={key} className={ordered ? "list-decimal space-y-1 pl-5" : "list-disc space-y-1 pl-5"}>{items.map((t, j) => <li key={j}>{inline(t)}</li>)}</List>);
    } else if (line.trim()) {
      const from = i;
      while (i < lines.length && lines[i]!.trim() && !/^(#|```|\s*([-*]|\d+\.) )/.test(lines[i]!)) i++;
      if (i === from) i++;
      out.push(<p key={key}>{inline(lines.slice(from, i).join(" "))}</p>);
    } else i++;
  }
  return out;
}

const marks = /(`[^`]+`)|(\*\*[^*]+\*\*)|(\*[^*]+\*)|\[([^\]]+)\]\(([^)\s]+)\)/g;

function inline(text: string): ReactNode[] {
  const out: ReactNode[] = [];
  let at = 0;
  for (const m of text.matchAll(marks)) {
    out.push(text.slice(at, m.index));
    at = m.index + m[0].length;
    if (m[1]) out.push(<code key={at}>{m[1].slice(1, -1)}</code>);
    else if (m[2]) out.push(<strong key={at}>{m[2].slice(2, -2)}</strong>);
    else if (m[3]) out.push(<em key={at}>{m[3].slice(1, -1)}</em>);
    else if (/^https?:/.test(m[5]!)) out.push(<a key={at} href={m[5]} rel="noreferrer" target="_blank" className="text-ink underline">{m[4]}</a>);
    else out.push(m[4]);
  }
  out.push(text.slice(at));
  return out;
}
