import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data, of, type Schema } from "./client";

/** under tells whether a run is still to end. */
export const under = (run: Pick<Schema<"SyncRun">, "state"> | null | undefined) => run?.state === "queued" || run?.state === "running";

export const run = (connection: string, id: string) =>
  queryOptions({
    queryKey: ["sync-runs", connection, "one", id],
    queryFn: () => data(api.GET("/v1/sync-runs/{id}", { params: { header: of(connection), path: { id } } })),
  });

export const quarantine = (connection: string, id: string, state: string) =>
  infiniteQueryOptions({
    queryKey: ["sync-runs", connection, "quarantine", id, { state }],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      data(api.GET("/v1/sync-runs/{id}/quarantine", { params: { header: of(connection), path: { id }, query: { limit: 100, cursor: pageParam || undefined, state: (state || undefined) as never } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const past = (connection: string) =>
  infiniteQueryOptions({
    queryKey: ["connections", connection, "history"],
    initialPageParam: "",
    queryFn: ({ pageParam }) => data(api.GET("/v1/connections/{id}/health/history", { params: { path: { id: connection }, query: { limit: 50, cursor: pageParam || undefined } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const links = (connection: string) =>
  queryOptions({ queryKey: ["links", connection], queryFn: () => data(api.GET("/v1/link-sessions", { params: { query: { connection_id: connection, status: "open", limit: 20 } } })) });
