import { useEffect, useState } from "react";

const steps: [limit: number, seconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60, 1, "second"], [3600, 60, "minute"], [86400, 3600, "hour"], [86400 * 30, 86400, "day"], [86400 * 365, 86400 * 30, "month"], [Infinity, 86400 * 365, "year"],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** ago says how far a time is from now. */
export function ago(at: Date, now: number): string {
  const seconds = (at.getTime() - now) / 1000;
  const [, size, unit] = steps.find(([limit]) => Math.abs(seconds) < limit)!;
  if (unit === "second" && Math.abs(seconds) < 10) return "just now";
  return relative.format(Math.round(seconds / size), unit);
}

/** Time shows a time as people say it, and exactly on hover; it stays true while one looks. */
export function Time({ at, none = "never" }: { at: string | null | undefined; none?: string }) {
  const now = useNow();
  if (!at) return <span className="text-muted">{none}</span>;
  const when = new Date(at);
  return (
    <time dateTime={at} title={`${exact.format(when)}\n${at}`} className="whitespace-nowrap">
      {ago(when, now)}
    </time>
  );
}

function useNow(): number {
  const [now, set] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** took says how long something took, or has taken so far. */
export function took(from: string | null | undefined, to: string | null | undefined): string {
  if (!from) return "–";
  const seconds = ((to ? new Date(to).getTime() : Date.now()) - new Date(from).getTime()) / 1000;
  if (seconds < 1) return "less than a second";
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
