import { cx } from "./cx";

/** Bar shows how far something has come; without a share, only that it goes on. */
export function Bar({ label, said, share }: { label: string; said: string; share?: number }) {
  const percent = share === undefined ? undefined : Math.min(100, Math.round(share * 100));
  return (
    <div className="space-y-1.5">
      <p className="flex justify-between gap-4 text-sm" aria-live="polite">
        <span>{said}</span>
        {percent === undefined ? null : <span className="text-muted tabular-nums">{percent} %</span>}
      </p>
      <div role="progressbar" aria-label={label} aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100} className="h-1.5 overflow-hidden rounded-full bg-sunken">
        <div className={cx("h-full rounded-full bg-accent transition-[width]", percent === undefined && "w-full animate-pulse opacity-50")} style={percent === undefined ? undefined : { width: `${percent}%` }} />
      </div>
    </div>
  );
}
