import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data } from "./client";

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

const open = ["queued", "running", "waiting"];

export const flowRun = (name: string, id: string) =>
  queryOptions({
    queryKey: ["flow-runs", name, "one", id],
    queryFn: () => data(api.GET("/v1/flows/{name}/runs/{id}", { params: { path: { name, id } } })),
    refetchInterval: (q) => (q.state.data && open.includes(q.state.data.state) ? 1500 : false),
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
