import type { QueryClient } from "@tanstack/react-query";

/** What the overview counts: it is read again when one of these changes, but not more often than it takes to look at it. */
const counted = ["connections", "syncs", "sync-runs", "operations", "flow-runs"];
const overviewEvery = 5_000;
const again = 10_000;

/** follow makes what the server says has changed stale, so that pages show it without being loaded again. A page that nobody sees holds no line open; whatever was missed is read again. */
export function follow(client: QueryClient) {
  const stale = staler(client);
  let events: EventSource | undefined;
  const close = () => {
    events?.close();
    events = undefined;
  };
  const open = () => {
    if (events || document.hidden) return;
    const line = new EventSource("/v1/live");
    events = line;
    line.addEventListener("open", () => void client.invalidateQueries(undefined, { cancelRefetch: false }));
    line.addEventListener("changed", (e) => stale(JSON.parse((e as MessageEvent<string>).data) as Changed));
    line.addEventListener("error", () => {
      if (line.readyState !== EventSource.CLOSED || events !== line) return; // the browser tries again by itself
      close();
      void client.invalidateQueries({ queryKey: ["me"] }); // a session that is over leads to the log-in page
      setTimeout(open, again);
    });
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
}

interface Changed {
  thing: string;
  connection?: string;
}

/** staler gives what takes in one event. */
function staler(client: QueryClient) {
  let overview: number | undefined;
  return ({ thing, connection }: Changed) => {
    if (thing === "everything") return void client.invalidateQueries();
    void client.invalidateQueries({ queryKey: connection ? [thing, connection] : [thing] });
    if (connection) void client.invalidateQueries({ queryKey: [thing, "list"] });
    if (counted.includes(thing))
      overview ??= window.setTimeout(() => {
        overview = undefined;
        void client.invalidateQueries({ queryKey: ["overview"] });
      }, overviewEvery);
  };
}
