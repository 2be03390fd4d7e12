import type { QueryClient } from "@tanstack/react-query";

/** follow makes what the server says has changed stale, so that pages show it without being loaded again. After a break all is stale: something may have been missed. */
export function follow(client: QueryClient) {
  const events = new EventSource("/v1/live");
  let broken = false;
  events.addEventListener("error", () => (broken = true));
  events.addEventListener("open", () => {
    if (broken) void client.invalidateQueries();
    broken = false;
  });
  events.addEventListener("changed", (e) => {
    const { thing, connection } = JSON.parse((e as MessageEvent<string>).data) as { thing: string; connection?: string };
    void client.invalidateQueries({ queryKey: connection ? [thing, connection] : [thing] });
    if (connection) void client.invalidateQueries({ queryKey: [thing, "list"] });
  });
}
