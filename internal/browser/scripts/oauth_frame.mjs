// A link in a frame, whose customer logs in at the system's own login server: in a window of its own, which the frame goes on from.
export default async ({ args, context, barriers, must, picture }) => {
  const c = await context({ hosts: [args.busbar, args.vendor, args.login].map((u) => new URL(u).host), quiet: ["status of 404"] });
  const page = await c.newPage();
  const frame = page.frameLocator("iframe");
  const h1 = (where, text) => where.locator("h1", { hasText: text }).waitFor();
  const logIn = async (window) => {
    await h1(window, "login: busbar");
    await window.getByLabel("Login").fill(args.person.login);
    await window.getByLabel("Password").fill(args.person.password);
    await window.getByRole("button", { name: "Log in" }).click();
  };

  await page.goto(args.vendor + "/frame");
  await page.locator("#go").click();
  await frame.getByRole("button", { name: "Continue" }).click();
  await h1(frame, "Log in to SimERP Cloud");
  const begin = async () => {
    await frame.locator("#f_url").fill(args.erp);
    await frame.getByRole("button", { name: "Continue at SimERP Cloud" }).click();
    await frame.getByText("only in a window of its own").waitFor();
  };
  // open follows the link to the login server, as a window that knows the frame or, by Control, as a tab that does not.
  const open = async (options) => {
    const opened = c.waitForEvent("page");
    await frame.getByRole("link", { name: "Open the login of SimERP Cloud" }).click(options);
    return opened;
  };

  await begin();
  await picture(page, "30-frame-away");
  const tab = await open({ modifiers: ["Control"] });
  await logIn(tab);
  await tab.getByRole("button", { name: "Allow" }).click();
  await h1(tab, "Go back to where you began");
  await barriers(tab, "31-window");
  await frame.getByText("Waiting for your login in the other window.").waitFor();
  await tab.close();

  await frame.getByRole("link", { name: "Begin again" }).click();
  await begin();
  const window = await open();
  await h1(window, "consent: busbar");
  const closed = window.waitForEvent("close");
  await window.getByRole("button", { name: "Allow" }).click();
  await closed;
  await h1(frame, "What may be read from SimERP Cloud?");
  await picture(page, "32-frame-choose");
  for (const one of await frame.locator("input[name=entity]:enabled").all()) await one.press(" ");
  await frame.getByLabel("Vendors").check();
  await frame.getByRole("button", { name: "Connect SimERP Cloud" }).click();
  await page.locator("#told", { hasText: "connected" }).waitFor();
  must((await page.locator("dialog").count()) === 0, "the dialog stays");
  const [, Code, State] = (await page.locator("#told").innerText()).split(" ");
  return { Code, State };
};
