import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data, of } from "./client";

/** What the pages read, by what they read. A key begins with the thing's name, so that an event about it makes all of it stale. */
export const me = queryOptions({ queryKey: ["me"], queryFn: () => data(api.GET("/v1/me")), staleTime: Infinity });

export interface ConnectionFilter {
  q?: string;
  status?: string;
  system?: string;
}

export const connections = (filter: ConnectionFilter) =>
  infiniteQueryOptions({
    queryKey: ["connections", "list", filter],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/v1/connections", {
          params: { query: { limit: 100, cursor: pageParam || undefined, q: filter.q || undefined, system: filter.system || undefined, status: (filter.status || undefined) as never } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const connection = (id: string) => queryOptions({ queryKey: ["connections", id], queryFn: () => data(api.GET("/v1/connections/{id}", { params: { path: { id } } })) });

export const health = (id: string) => queryOptions({ queryKey: ["connections", id, "health"], queryFn: () => data(api.GET("/v1/connections/{id}/health", { params: { path: { id } } })) });

export const syncs = (id: string) => queryOptions({ queryKey: ["syncs", id], queryFn: () => data(api.GET("/v1/syncs", { params: { header: of(id) } })) });

export const runs = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["sync-runs", id],
    initialPageParam: "",
    queryFn: ({ pageParam }) => data(api.GET("/v1/sync-runs", { params: { header: of(id), query: { limit: 50, cursor: pageParam || undefined } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const tokens = (id: string) => queryOptions({ queryKey: ["tokens", id], queryFn: () => data(api.GET("/v1/connections/{id}/tokens", { params: { path: { id } } })) });

export const systems = queryOptions({ queryKey: ["systems"], queryFn: () => data(api.GET("/v1/systems")), staleTime: Infinity });

export const capabilities = (id: string) => queryOptions({ queryKey: ["capabilities", id], queryFn: () => data(api.GET("/v1/capabilities", { params: { header: of(id) } })), staleTime: 300_000 });
