import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { me } from "./api/queries";
import { Shell } from "./shell/shell";
import { Page } from "./ui/panel";
import { Empty, Failure, Loading } from "./ui/say";

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  loader: ({ context }) => context.client.ensureQueryData(me),
  component: Shell,
  notFoundComponent: () => (
    <Page title="There is no such page">
      <Empty title="Nothing is at this address">The link may be old, or what it led to is deleted.</Empty>
    </Page>
  ),
});

interface ConnectionsSearch {
  q?: string;
  status?: string;
  system?: string;
}

const text = (v: unknown) => (typeof v === "string" && v ? v : undefined);

const overview = createRoute({ getParentRoute: () => root, path: "/", component: lazyRouteComponent(() => import("./pages/overview/index")) });
const connections = createRoute({
  getParentRoute: () => root,
  path: "/connections",
  validateSearch: (s): ConnectionsSearch => ({ q: text(s.q), status: text(s.status), system: text(s.system) }),
  component: lazyRouteComponent(() => import("./pages/connections/index")),
});
const connection = createRoute({
  getParentRoute: () => root,
  path: "/connections/$id",
  validateSearch: (s): { tab?: string } => ({ tab: text(s.tab) }),
  component: lazyRouteComponent(() => import("./pages/connection/index")),
});

const syncRun = createRoute({ getParentRoute: () => root, path: "/connections/$id/runs/$run", component: lazyRouteComponent(() => import("./pages/connection/run")) });

const records = createRoute({
  getParentRoute: () => root,
  path: "/records",
  validateSearch: (s): { connection?: string; entity?: string; deleted?: boolean; since?: string } => ({
    connection: text(s.connection),
    entity: text(s.entity),
    deleted: s.deleted === true || undefined,
    since: text(typeof s.since === "number" ? String(s.since) : s.since),
  }),
  component: lazyRouteComponent(() => import("./pages/records/index")),
});
const record = createRoute({ getParentRoute: () => root, path: "/records/$connection/$entity/$id", component: lazyRouteComponent(() => import("./pages/records/record")) });
const newRecord = createRoute({ getParentRoute: () => root, path: "/records/$connection/$entity/new", component: lazyRouteComponent(() => import("./pages/records/edit"), "NewRecord") });
const editRecord = createRoute({ getParentRoute: () => root, path: "/records/$connection/$entity/$id/edit", component: lazyRouteComponent(() => import("./pages/records/edit"), "EditRecord") });

const operations = createRoute({
  getParentRoute: () => root,
  path: "/operations",
  validateSearch: (s): { connection?: string; state?: string; failed?: boolean } => ({ connection: text(s.connection), state: text(s.state), failed: s.failed === true || undefined }),
  component: lazyRouteComponent(() => import("./pages/operations/index")),
});
const operation = createRoute({ getParentRoute: () => root, path: "/operations/$connection/$id", component: lazyRouteComponent(() => import("./pages/operations/operation")) });
const upload = createRoute({
  getParentRoute: () => root,
  path: "/operations/upload",
  validateSearch: (s): { connection?: string; entity?: string } => ({ connection: text(s.connection), entity: text(s.entity) }),
  component: lazyRouteComponent(() => import("./pages/operations/upload/index")),
});

const systems = createRoute({ getParentRoute: () => root, path: "/systems", component: lazyRouteComponent(() => import("./pages/systems/index")) });
const system = createRoute({ getParentRoute: () => root, path: "/systems/$system", component: lazyRouteComponent(() => import("./pages/systems/system")) });
const newConnection = createRoute({
  getParentRoute: () => root,
  path: "/connections/new",
  validateSearch: (s): { system?: string } => ({ system: text(s.system) }),
  component: lazyRouteComponent(() => import("./pages/connections/new")),
});
const members = createRoute({ getParentRoute: () => root, path: "/members", component: lazyRouteComponent(() => import("./pages/project/members")) });
const keys = createRoute({ getParentRoute: () => root, path: "/keys", component: lazyRouteComponent(() => import("./pages/project/keys")) });
const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: (s): { actor?: string; action?: string; target?: string; hours?: string } => ({ actor: text(s.actor), action: text(s.action), target: text(s.target), hours: s.hours ? String(s.hours) : undefined }),
  component: lazyRouteComponent(() => import("./pages/project/audit")),
});

const flows = createRoute({ getParentRoute: () => root, path: "/flows", component: lazyRouteComponent(() => import("./pages/flows/index")) });
const newFlow = createRoute({ getParentRoute: () => root, path: "/flows/new", component: lazyRouteComponent(() => import("./pages/flows/new")) });
const flow = createRoute({ getParentRoute: () => root, path: "/flows/$name", validateSearch: (s): { tab?: string } => ({ tab: text(s.tab) }), component: lazyRouteComponent(() => import("./pages/flows/flow")) });
const flowRun = createRoute({
  getParentRoute: () => root,
  path: "/flows/$name/runs/$id",
  validateSearch: (s): { step?: string; status?: string; item?: string } => ({ step: text(s.step), status: text(s.status), item: text(s.item) }),
  component: lazyRouteComponent(() => import("./pages/flows/run")),
});

const tree = root.addChildren([flows, newFlow, flow, flowRun, systems, system, newConnection, members, keys, audit, operations, operation, upload, overview, connections, connection, syncRun, records, record, newRecord, editRecord]);

export function routerOf(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    basepath: "/app",
    context: { client },
    defaultPendingComponent: () => <Loading rows={8} />,
    defaultErrorComponent: ({ error, reset }) => (
      <div className="p-6">
        <Failure error={error} again={reset} />
      </div>
    ),
    defaultPreload: "intent",
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof routerOf>;
  }
}
