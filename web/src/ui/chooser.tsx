import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { connections } from "@/api/queries";
import { useRows } from "@/api/rows";
import { SelectField } from "./field";

const most = 500;

/** useConnections gives the connections that one can choose from, and whether they are all known. */
export function useConnections() {
  const all = useInfiniteQuery(connections({}));
  const list = useRows(all.data);
  const { hasNextPage, isFetching, fetchNextPage } = all;
  useEffect(() => {
    if (hasNextPage && !isFetching && list.length < most) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage, list.length]);
  return { list, pending: all.isPending, error: all.error };
}

/** ConnectionField chooses a connection, or all of them. */
export function ConnectionField({ value, onChange, list, all }: { value: string; onChange: (id: string) => void; list: { id: string; name: string }[]; all?: boolean }) {
  return (
    <SelectField label="Connection" value={value} className="min-w-44 flex-1 sm:max-w-72" onChange={(e) => onChange(e.target.value)}>
      {all ? <option value="">All connections</option> : null}
      {list.map((c) => (
        <option key={c.id} value={c.id}>{c.name}</option>
      ))}
    </SelectField>
  );
}
