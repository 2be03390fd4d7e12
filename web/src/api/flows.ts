import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data, of } from "./client";

export const flows = infiniteQueryOptions({
  queryKey: ["flows", "list"],
  initialPageParam: "",
  queryFn: ({ pageParam }) => data(api.GET("/v1/flows", { params: { query: { limit: 100, cursor: pageParam || undefined } } })),
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

export const flow = (name: string) => queryOptions({ queryKey: ["flows", name], queryFn: () => data(api.GET("/v1/flows/{name}", { params: { path: { name } } })) });

export const flowRuns = (name: string, state: string) =>
  infiniteQueryOptions({
    queryKey: ["flow-runs", name, { state }],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      data(api.GET("/v1/flows/{name}/runs", { params: { path: { name }, query: { limit: 50, cursor: pageParam || undefined, state: (state || undefined) as never } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const flowRun = (name: string, id: string) =>
  queryOptions({
    queryKey: ["flow-runs", name, "one", id],
    queryFn: () => data(api.GET("/v1/flows/{name}/runs/{id}", { params: { path: { name, id } } })),
  });

export const flowItems = (name: string, id: string, step: string, status: string) =>
  infiniteQueryOptions({
    queryKey: ["flow-runs", name, "items", id, step, status],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/v1/flows/{name}/runs/{id}/items", {
          params: { path: { name, id }, query: { limit: 200, cursor: pageParam || undefined, step: step || undefined, status: (status ? [status] : undefined) as never } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const flowItem = (name: string, id: string, step: string, n: number) =>
  queryOptions({
    queryKey: ["flow-runs", name, "item", id, step, n],
    queryFn: () => data(api.GET("/v1/flows/{name}/runs/{id}/items/{step}/{n}", { params: { path: { name, id, step: step || "-", n } } })),
  });

/** lastRun is a run as the list of flows shows it. */
export const lastRun = (name: string, id: string) => ({ ...flowRun(name, id), enabled: Boolean(id) });

export const flowVersions = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["flows", name, "versions"],
    initialPageParam: "",
    queryFn: ({ pageParam }) => data(api.GET("/v1/flows/{name}/versions", { params: { path: { name }, query: { limit: 50, cursor: pageParam || undefined } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const flowVersion = (name: string, version: number) =>
  queryOptions({
    queryKey: ["flows", name, "version", version],
    enabled: version > 0,
    staleTime: Infinity,
    queryFn: () => data(api.GET("/v1/flows/{name}/versions/{version}", { params: { path: { name, version } } })),
  });

/** ledgerItem is what the ledger of writes knows of one item of an operation; null: it keeps it no more. */
export const ledgerItem = (connection: string, operation: string, n: number) =>
  queryOptions({
    queryKey: ["operations", connection, "ledger", operation, n],
    queryFn: async () => {
      const o = await data(api.GET("/v1/operations/{id}", { params: { header: of(connection), path: { id: operation } } }));
      if (o.item) return o.item;
      for (let cursor: string | undefined; ; ) {
        const page = await data(api.GET("/v1/operations/{id}/items", { params: { header: of(connection), path: { id: operation }, query: { limit: 500, cursor } } }));
        const found = page.data.find((i) => i.index === n);
        if (found || !page.next_cursor) return found ?? null;
        cursor = page.next_cursor;
      }
    },
  });
