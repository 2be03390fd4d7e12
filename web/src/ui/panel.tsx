import { type ReactNode, useEffect, useRef } from "react";
import { cx } from "./cx";

/** Panel is a card of a page. */
export function Panel({ title, actions, children, className, flush }: { title?: ReactNode; actions?: ReactNode; children: ReactNode; className?: string; flush?: boolean }) {
  return (
    <section className={cx("overflow-hidden rounded-xl border border-line bg-surface", className)}>
      {title || actions ? (
        <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-3">
          {typeof title === "string" ? <h2>{title}</h2> : title}
          {actions ? <div className="flex flex-wrap gap-2">{actions}</div> : null}
        </header>
      ) : null}
      <div className={flush ? "" : "p-4"}>{children}</div>
    </section>
  );
}

/** Page is a page's head and body. */
export function Page({ title, lead, actions, children, crumbs }: { title: ReactNode; lead?: ReactNode; actions?: ReactNode; children: ReactNode; crumbs?: ReactNode }) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${head.current?.firstChild?.textContent ?? ""} · Busbar`;
  });
  return (
    <div className="mx-auto w-full max-w-[1440px] space-y-5 px-4 py-5 sm:px-6 lg:px-8">
      <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 space-y-1">
          {crumbs ? <nav aria-label="Where you are" className="text-sm text-muted">{crumbs}</nav> : null}
          <h1 ref={head} className="flex flex-wrap items-center gap-x-3 gap-y-1">{title}</h1>
          {lead ? <p className="max-w-prose text-sm text-muted">{lead}</p> : null}
        </div>
        {actions ? <div className="flex flex-wrap gap-2">{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}

/** Facts is a list of names and values. */
export function Facts({ of }: { of: [name: string, value: ReactNode][] }) {
  return (
    <dl className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-x-6 gap-y-4">
      {of.map(([name, value]) => (
        <div key={name} className="min-w-0">
          <dt className="text-xs text-muted">{name}</dt>
          <dd className="mt-0.5 text-sm">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
