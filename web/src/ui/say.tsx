import { type ReactNode } from "react";
import { ApiError } from "@/api/client";
import { Button } from "./button";
import { cx } from "./cx";

/** Notice is a box that says something of weight. */
export function Notice({ tone, title, children, className }: { tone: "bad" | "warn" | "good" | "quiet"; title: ReactNode; children?: ReactNode; className?: string }) {
  const look = {
    bad: "border-bad bg-bad-soft [&_h2]:text-bad",
    warn: "border-warn bg-warn-soft [&_h2]:text-warn",
    good: "border-good bg-good-soft [&_h2]:text-good",
    quiet: "border-line border-l-edge bg-sunken",
  }[tone];
  return (
    <section role={tone === "bad" ? "alert" : undefined} className={cx("space-y-1.5 rounded-lg border border-l-4 px-4 py-3 text-sm", look, className)}>
      <h2 className="text-[0.9375rem]">{title}</h2>
      {children}
    </section>
  );
}

/** Failure shows what went wrong: the problem's detail, every place it names, and the request's id. */
export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  if (!error) return null;
  const p = error instanceof ApiError ? error.problem : null;
  return (
    <Notice tone="bad" title={p?.title ?? "This page has a fault."}>
      <p>{p ? p.detail : String(error)}</p>
      {p?.errors?.length ? (
        <ul className="list-disc pl-5">
          {p.errors.map((e, i) => (
            <li key={i}>
              {e.pointer ? <code className="font-mono text-xs">{e.pointer}</code> : null} {e.detail}
            </li>
          ))}
        </ul>
      ) : null}
      {p?.request_id ? <p className="text-xs text-muted">Request <code className="font-mono select-all">{p.request_id}</code></p> : null}
      {again ? <Button size="small" onClick={again}>Try again</Button> : null}
    </Notice>
  );
}

/** Empty says that there is nothing here, why, and what to do next. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-14 text-center">
      <h2>{title}</h2>
      {children ? <div className="max-w-prose text-sm text-muted">{children}</div> : null}
      {action ? <div className="mt-2 flex flex-wrap justify-center gap-2">{action}</div> : null}
    </div>
  );
}

/** Loading holds the place of what is on its way. */
export function Loading({ rows = 4 }: { rows?: number }) {
  return (
    <div role="status" aria-label="Loading" className="space-y-2.5 p-4">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="h-5 animate-pulse rounded bg-sunken" />
      ))}
    </div>
  );
}
