import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { type Envelope, type RecordPage, send } from "./records";

/** called is the record that a reference leads to, as far as it is stored; null: it is not. */
export const called = (connection: string, entity: string, id: string) =>
  queryOptions({
    queryKey: ["records", connection, entity, id, "name"],
    staleTime: 60_000,
    retry: false,
    queryFn: async () => (await send<Envelope>("GET", `/v1/${entity}/${id}?include=deleted`, connection)).body,
  });

/** choices are the records that a reference can lead to, many at a time. */
export const choices = (connection: string, entity: string) =>
  infiniteQueryOptions({
    queryKey: ["records", connection, entity, "choices"],
    staleTime: 60_000,
    initialPageParam: "",
    queryFn: async ({ pageParam }) => {
      const query = new URLSearchParams({ limit: "500" });
      if (pageParam) query.set("cursor", pageParam);
      return (await send<RecordPage>("GET", `/v1/${entity}?${query}`, connection)).body;
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** nameOf is what people call a record. */
export function nameOf(r: Envelope): string {
  return r.display_name || r.display_id || r.remote_id;
}
