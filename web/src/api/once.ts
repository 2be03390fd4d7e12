import { Digest, newKey } from "./key";

/** How long a request that got no answer is remembered: the same one after that is a new wish. */
const rememberedFor = 600_000;

const open = new Map<string, { key: string; at: number }>();

/** What may write to a system, but for records, whose pages have keys of their own. The server keeps no answers for the rest, which may hold secrets. */
const writes = /^\/v1\/(flows\/[^/]+\/runs|operations\/|sync-runs\/|syncs$)/;

/** keyOf gives a request that may write to a system its idempotency key: that of the same request before, where no answer to that came. It gives by what the request is remembered, which keeps none of its text; "": it is not. */
export async function keyOf(request: Request): Promise<string> {
  if (request.method !== "POST" || request.headers.has("Idempotency-Key") || !writes.test(new URL(request.url).pathname)) return "";
  const sum = new Digest();
  for (const part of [request.method, request.url, request.headers.get("Busbar-Connection"), request.headers.get("If-Match"), await request.clone().text()]) sum.add(`${part}\n`);
  const what = sum.sum();
  const before = open.get(what);
  const known = before && Date.now() - before.at < rememberedFor ? before : { key: newKey(), at: Date.now() };
  open.set(what, known);
  request.headers.set("Idempotency-Key", known.key);
  return what;
}

/** answered forgets a request of which is known what came of it. */
export function answered(what: string) {
  open.delete(what);
}
