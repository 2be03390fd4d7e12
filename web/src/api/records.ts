import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { call, of } from "./client";

/** Envelope is what every record has, whatever its entity. */
export interface Envelope {
  id: string;
  remote_id: string;
  entity: string;
  display_id: string | null;
  display_name: string | null;
  created_at: string;
  updated_at: string;
  remote_updated_at: string | null;
  deleted_at: string | null;
  version: string;
  url: string | null;
  raw?: unknown;
  [field: string]: unknown;
}

export interface RecordPage {
  data: Envelope[];
  next_cursor: string | null;
  meta: { as_of: string | null; connection_status: string; unsupported_fields: string[] };
}

export interface Verdict {
  valid: boolean;
  problem?: { detail?: string; errors?: { pointer?: string; detail?: string; code?: string }[] };
  warnings?: { pointer?: string; detail?: string }[];
}

/** send calls a route of the data plane whose entity is known only as the page runs. It gives what was answered, with the status and the operation behind it. */
export async function send<T>(method: string, path: string, connection: string, options: { body?: unknown; headers?: Record<string, string> } = {}): Promise<{ status: number; operation: string | null; body: T }> {
  const headers: Record<string, string> = { ...of(connection), ...options.headers };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await call(new Request(path, { method, headers, body: options.body === undefined ? undefined : JSON.stringify(options.body) }));
  return { status: answer.status, operation: answer.headers.get("Busbar-Operation"), body: (answer.status === 204 ? undefined : await answer.json()) as T };
}

export const records = (connection: string, entity: string, deleted: boolean, since: string) =>
  infiniteQueryOptions({
    queryKey: ["records", connection, entity, { deleted, since }],
    enabled: Boolean(connection && entity),
    initialPageParam: "",
    queryFn: async ({ pageParam }) => {
      const query = new URLSearchParams({ limit: "100" });
      if (pageParam) query.set("cursor", pageParam);
      if (since) query.set("modified_after", since);
      if (deleted) query.set("include", "deleted");
      return (await send<RecordPage>("GET", `/v1/${entity}?${query}`, connection)).body;
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const record = (connection: string, entity: string, id: string) =>
  queryOptions({
    queryKey: ["records", connection, entity, id],
    queryFn: async () => (await send<Envelope>("GET", `/v1/${entity}/${id}?include=raw,deleted`, connection)).body,
  });
