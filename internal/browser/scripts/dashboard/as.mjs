// as lets a person of a role open the dashboard in a browser of its own, and gives what scripts do there.
export async function as({ args, context, must }, role, { quiet = [] } = {}) {
  const c = await context({ hosts: [new URL(args.url).host], quiet: ["/v1/live", ...quiet] });
  await c.addCookies([{ name: "__Host-busbar", value: args.people[role], domain: new URL(args.url).hostname, path: "/", secure: true, httpOnly: true, sameSite: "Lax" }]);
  return onPage(args, await c.newPage(), must);
}

// onPage gives what scripts do on a page of the dashboard.
export function onPage(args, page, must) {
  const find = {
    button: (name, options) => page.getByRole("button", { name, ...options }),
    link: (name, options) => page.getByRole("link", { name, ...options }),
    heading: (name, options) => page.getByRole("heading", { name, ...options }),
    dialog: () => page.getByRole("dialog"),
    row: (text) => page.getByRole("row").filter({ hasText: text }),
  };
  return {
    page,
    ...find,
    // open goes to a page of the dashboard, and waits until it shows something of its own.
    async open(path, title) {
      await page.goto(`${args.url}/app${path}`);
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
    },
    // call calls the API by hand, as whoever is logged in.
    call: (method, path, body, connection) =>
      page.evaluate(
        async ([method, path, body, connection]) => {
          const headers = { "Busbar-Request": "1", "Content-Type": "application/json" };
          if (connection) headers["Busbar-Connection"] = connection;
          const answer = await fetch(path, { method, headers, body: method === "GET" ? undefined : JSON.stringify(body ?? {}) });
          return { status: answer.status, body: await answer.json().catch(() => null) };
        },
        [method, path, body, connection],
      ),
    // settled waits until nothing of the page is being read any more.
    async settled() {
      await page.waitForLoadState("load");
      await page.waitForFunction(() => !document.querySelector("main [aria-label=Loading], main [aria-busy=true]"));
    },
    must,
  };
}
