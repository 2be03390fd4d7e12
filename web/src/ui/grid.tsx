import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";
import { cx } from "./cx";
import { Loading } from "./say";

/** Column is one column of a Grid. */
export interface Column<T> {
  name: string;
  /** A width as CSS grid takes it. */
  width: string;
  cell: (row: T) => ReactNode;
  /** Left out on narrow screens. */
  wide?: boolean;
  right?: boolean;
}

interface Props<T> {
  label: string;
  rows: T[];
  columns: Column<T>[];
  id: (row: T) => string;
  /** Reads on; undefined: all is read. */
  more?: () => void;
  loading?: boolean;
  empty: ReactNode;
  rowHeight?: number;
  height?: string;
}

/** Grid is a table of any length: only the rows in sight are in the page, and it reads on as one comes to its end. */
export function Grid<T>({ label, rows, columns, id, more, loading, empty, rowHeight = 48, height = "min(70vh,46rem)" }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 12 });
  const seen = virtual.getVirtualItems();
  const last = seen.at(-1)?.index ?? -1;
  useEffect(() => {
    if (more && !loading && last >= rows.length - 20) more();
  }, [more, loading, last, rows.length]);
  if (!rows.length) return loading ? <Loading /> : <>{empty}</>;
  const template = columns.map((c) => c.width).join(" ");
  const narrow = columns.filter((c) => !c.wide).map((c) => c.width.replace(/minmax\([\d.]+rem,/, "minmax(5.5rem,")).join(" ");
  const line = "grid items-center gap-x-4 px-4 [grid-template-columns:var(--narrow)] md:[grid-template-columns:var(--wide)]";
  return (
    <>
    <div ref={box} tabIndex={0} role="table" aria-label={label} aria-rowcount={more ? -1 : rows.length + 1} className="overflow-auto" style={{ maxHeight: height, "--wide": template, "--narrow": narrow } as never}>
      <div role="rowgroup" className="sticky top-0 z-10">
        <div role="row" aria-rowindex={1} className={cx(line, "border-b border-line bg-sunken py-2 text-xs font-semibold text-muted")}>
          {columns.map((c) => (
            <div key={c.name} role="columnheader" className={cx("min-w-0", c.wide && "hidden md:block", c.right && "text-right")}>
              {c.name || <span className="sr-only">What can be done</span>}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {seen.map((v) => {
          const row = rows[v.index]!;
          return (
            <div key={id(row)} role="row" aria-rowindex={v.index + 2} className={cx(line, "absolute inset-x-0 top-0 border-b border-line text-sm hover:bg-sunken")} style={{ height: v.size, transform: `translateY(${v.start}px)` }}>
              {columns.map((c) => (
                <div key={c.name} role="cell" className={cx("min-w-0 truncate", c.wide && "hidden md:block", c.right && "text-right tabular-nums")}>
                  {c.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
    {more && loading ? <p role="status" className="border-t border-line px-4 py-2 text-sm text-muted">Reading on…</p> : null}
    </>
  );
}
