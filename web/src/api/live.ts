import type { Query, QueryClient, QueryKey } from "@tanstack/react-query";

/** What the overview counts: it is read again when one of these changes, but not more often than it takes to look at it. */
const counted = ["connections", "syncs", "sync-runs", "operations", "flow-runs"];
const overviewEvery = 5_000;
const retry = 10_000;
const pace = 1_000;

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
      void client.invalidateQueries(undefined, { cancelRefetch: false }); // pages go on without a line, and a session that is over leads to the login
      setTimeout(open, retry);
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
  const again = pacer(client);
  let overview: number | undefined;
  return ({ thing, connection }: Changed) => {
    if (thing === "everything") return again([]);
    again(connection ? [thing, connection] : [thing]);
    if (connection) again([thing, "list"]);
    if (connection && thing.startsWith("sync")) again(["connections", connection, "health"]);
    if (counted.includes(thing))
      overview ??= window.setTimeout(() => {
        overview = undefined;
        again(["overview"]);
      }, overviewEvery);
  };
}

/** pacer gives what reads again what is of a key: soon, at most once in a pace, and never in the place of what is on its way, which might then never arrive; that is read once more afterwards. */
function pacer(client: QueryClient) {
  const stale = new Map<string, QueryKey>();
  let resting = false;
  const pass = () => {
    for (const [name, queryKey] of stale) {
      if (client.isFetching({ queryKey })) continue;
      stale.delete(name);
      void client.invalidateQueries({ queryKey, predicate: (q) => !long(q) });
      void client.invalidateQueries({ queryKey, predicate: long, refetchType: "none" });
    }
    resting = true;
    setTimeout(() => {
      resting = false;
      if (stale.size) pass();
    }, pace);
  };
  return (queryKey: QueryKey) => {
    stale.set(JSON.stringify(queryKey), queryKey);
    if (!resting) pass();
  };
}

/** long tells of a list that somebody has read far into: it is not read again whole with each change. */
const long = (q: Query) => ((q.state.data as { pages?: unknown[] } | undefined)?.pages?.length ?? 0) > 5;
