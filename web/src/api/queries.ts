import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data, of } from "./client";

/** What the pages read, by what they read. A key begins with the thing's name, so that an event about it makes all of it stale. */
export const me = queryOptions({ queryKey: ["me"], queryFn: () => data(api.GET("/v1/me")), staleTime: Infinity });

/** What the whole project looks like. That something is late comes with time alone: nothing changes by which it could be told. */
export const overview = queryOptions({
  queryKey: ["overview"],
  queryFn: () => data(api.GET("/v1/overview")),
  refetchInterval: 60_000,
});

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

export const runs = (id: string, state = "") =>
  infiniteQueryOptions({
    queryKey: ["sync-runs", id, { state }],
    initialPageParam: "",
    queryFn: ({ pageParam }) => data(api.GET("/v1/sync-runs", { params: { header: of(id), query: { limit: 50, cursor: pageParam || undefined, state: (state || undefined) as never } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const tokens = (id: string) => queryOptions({ queryKey: ["tokens", id], queryFn: () => data(api.GET("/v1/connections/{id}/tokens", { params: { path: { id } } })) });

export const systems = queryOptions({ queryKey: ["systems"], queryFn: () => data(api.GET("/v1/systems")), staleTime: Infinity });

export const capabilities = (id: string) => queryOptions({ queryKey: ["capabilities", id], queryFn: () => data(api.GET("/v1/capabilities", { params: { header: of(id) } })), staleTime: 300_000 });

export interface OperationFilter {
  state?: string;
  failed?: boolean;
  entity?: string;
}

/** Operations of a connection; of all where none is named. */
export const operations = (id: string, filter: OperationFilter) =>
  infiniteQueryOptions({
    queryKey: ["operations", id || "list", filter],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/v1/operations", {
          params: { header: id ? of(id) : undefined, query: { limit: 100, cursor: pageParam || undefined, state: (filter.state || undefined) as never, failed: filter.failed || undefined, entity: filter.entity || undefined } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const operation = (connection: string, id: string) =>
  queryOptions({
    queryKey: ["operations", connection, "one", id],
    queryFn: () => data(api.GET("/v1/operations/{id}", { params: { header: of(connection), path: { id } } })),
  });

export const operationItems = (connection: string, id: string, status: string) =>
  infiniteQueryOptions({
    queryKey: ["operations", connection, "items", id, status],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      data(api.GET("/v1/operations/{id}/items", { params: { header: of(connection), path: { id }, query: { limit: 200, cursor: pageParam || undefined, status: (status || undefined) as never } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const system = (name: string) => queryOptions({ queryKey: ["systems", name], queryFn: () => data(api.GET("/v1/systems/{system}", { params: { path: { system: name } } })), staleTime: Infinity });

export const systemCapabilities = (name: string) =>
  queryOptions({ queryKey: ["systems", name, "capabilities"], queryFn: () => data(api.GET("/v1/systems/{system}/capabilities", { params: { path: { system: name } } })), staleTime: Infinity });

export const members = queryOptions({ queryKey: ["members"], queryFn: () => data(api.GET("/v1/members", { params: { query: { limit: 500 } } })) });
export const invitations = queryOptions({ queryKey: ["members", "invitations"], queryFn: () => data(api.GET("/v1/invitations", { params: { query: { limit: 500 } } })) });
export const keys = queryOptions({ queryKey: ["keys"], queryFn: () => data(api.GET("/v1/keys")) });

export interface AuditFilter {
  action?: string;
  actor?: string;
  target?: string;
  since?: string;
}

export const audit = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", filter],
    initialPageParam: "",
    queryFn: ({ pageParam }) => data(api.GET("/v1/audit-log", { params: { query: { limit: 100, cursor: pageParam || undefined, ...filter } as never } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
