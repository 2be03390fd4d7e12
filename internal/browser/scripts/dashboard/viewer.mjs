import { as } from "./as.mjs";

// acts is what is done with something; a viewer does none of it.
const acts = /^(new|pause|resume|disconnect|sync (all|now)|full|edit|delete|retry|cancel|run|apply|test|invite|make|revoke|create|add|upload|remove|enter new|reauthorize|read .* anew|approve|write|connect)\b/i;

// A viewer sees everything and changes nothing: no page offers it, and the API refuses what is sent by hand.
export default async (tools) => {
  const { args, must, complain } = tools;
  const viewer = await as(tools, "viewer", { quiet: ["status of 403"] });
  const { page, open, call } = viewer;
  const id = args.connection;
  const looks = [
    ["/connections", "Connections", "Works"],
    [`/connections/${id}`, "Works", "Vendors"],
    [`/connections/${id}?tab=runs`, "Works", "Vendors"],
    [`/connections/${id}?tab=settings`, "Works", null],
    [`/records?connection=${id}&entity=vendors`, "Records", args.vendor.name],
    [`/records/${id}/vendors/${args.vendor.id}`, args.vendor.name, args.vendor.id],
    ["/operations", "Operations", null],
    ["/flows", "Flows", args.title],
    [`/flows/${args.flow}`, null, args.title],
    ["/systems", "Systems", "SimERP"],
  ];
  for (const [path, title, shown] of looks) {
    await open(path, title ?? /./);
    if (shown) await page.getByRole("main").getByText(shown).first().waitFor();
    const main = page.getByRole("main");
    for (const kind of ["button", "link"]) {
      const offered = await main.getByRole(kind, { name: acts }).all();
      for (const one of offered) complain(`a viewer is offered ${JSON.stringify((await one.getAttribute("aria-label")) ?? (await one.innerText()))} on ${path}`);
    }
  }
  const forbidden = [
    ["POST", `/v1/connections/${id}/pause`],
    ["POST", `/v1/connections/${id}/disconnect`],
    ["POST", "/v1/connections", { system: "sim-erp", name: "Mine", credentials: { url: args.erp, api_key: args.key } }],
    ["POST", "/v1/syncs", { entities: ["vendors"] }, id],
    ["POST", "/v1/vendors", { name: "Mine" }, id],
    ["PATCH", `/v1/vendors/${args.vendor.id}`, { name: "Mine" }, id],
    ["DELETE", `/v1/vendors/${args.vendor.id}`, {}, id],
    ["PUT", "/v1/flows/mine", { document: "flow: mine\nsteps: []\n" }],
    ["POST", `/v1/flows/${args.flow}/runs`],
    ["POST", "/v1/keys", { label: "mine", scopes: ["read"] }],
    ["POST", "/v1/invitations", { email: "me@example.com", role: "owner" }],
  ];
  for (const [method, path, body, connection] of forbidden) {
    const { status, body: said } = await call(method, path, body, connection);
    must(status === 403, `${method} ${path} answers a viewer ${status} ${JSON.stringify(said)}`);
  }
};
