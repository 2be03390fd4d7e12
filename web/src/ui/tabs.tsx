import { type ReactNode } from "react";
import { cx } from "./cx";

export interface Tab {
  id: string;
  name: string;
  count?: number;
}

/** Tabs are ways to look at one thing. Which one is open stands in the address, so they are links. */
export function Tabs({ of, open, link }: { of: Tab[]; open: string; link: (tab: Tab, className: string, children: ReactNode) => ReactNode }) {
  return (
    <nav aria-label="Parts of this page" className="-mx-4 overflow-x-auto px-4 sm:mx-0 sm:px-0">
      <ul className="flex min-w-max gap-1 border-b border-line">
        {of.map((t) => (
          <li key={t.id}>
            {link(
              t,
              cx("-mb-px inline-flex min-h-10 items-center gap-2 border-b-2 border-transparent px-3 text-sm text-muted hover:text-text", t.id === open && "border-ink font-semibold text-text"),
              <>
                {t.name}
                {t.count ? <span className="rounded-full bg-warn-soft px-1.5 text-xs font-semibold text-warn">{t.count}</span> : null}
              </>,
            )}
          </li>
        ))}
      </ul>
    </nav>
  );
}
