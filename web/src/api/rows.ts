import { useMemo } from "react";

/** useRows gives the rows of the pages that are read, the same list as long as no page changes. */
export function useRows<T>(read: { pages: { data: T[] }[] } | undefined): T[] {
  return useMemo(() => read?.pages.flatMap((p) => p.data) ?? [], [read]);
}
