import type { ReactNode } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

const heading = ({ children }: { children?: ReactNode }) => <h3 className="pt-2">{children}</h3>;

/** looks are the elements of a text as pages of the dashboard show them. A link that leads into our own folders, and a picture from elsewhere, are their words. */
const looks: Components = {
  h1: heading, h2: heading, h3: heading, h4: heading, h5: heading, h6: heading,
  a: ({ href, children }) => (href && /^(https?|mailto):/.test(href) ? <a href={href} target="_blank" rel="noreferrer" className="text-ink underline">{children}</a> : <span>{children}</span>),
  img: ({ alt }) => <span>{alt}</span>,
  ul: ({ children }) => <ul className="list-disc space-y-1 pl-5">{children}</ul>,
  ol: ({ children, start }) => <ol start={start} className="list-decimal space-y-1 pl-5">{children}</ol>,
  code: ({ children }) => <code className="rounded bg-sunken px-1 font-mono text-xs">{children}</code>,
  pre: ({ children }) => <pre tabIndex={0} className="overflow-x-auto rounded-lg bg-sunken px-3 py-2 text-xs [overflow-wrap:normal] [&_code]:px-0">{children}</pre>,
  blockquote: ({ children }) => <blockquote className="border-l-4 border-line pl-3 text-muted">{children}</blockquote>,
  table: ({ children }) => <div tabIndex={0} className="overflow-x-auto rounded-lg border border-line"><table className="w-full min-w-[28rem] text-left [overflow-wrap:break-word]">{children}</table></div>,
  thead: ({ children }) => <thead className="bg-sunken text-xs text-muted">{children}</thead>,
  th: ({ children }) => <th scope="col" className="px-3 py-2">{children}</th>,
  td: ({ children }) => <td className="border-t border-line px-3 py-2 align-top">{children}</td>,
};

const plugins = [remarkGfm];

/** Body reads a text as GitHub does. HTML in it is left out. */
export default function Body({ text }: { text: string }) {
  return (
    <div className="space-y-3 text-sm">
      <ReactMarkdown remarkPlugins={plugins} components={looks} skipHtml>{text}</ReactMarkdown>
    </div>
  );
}
