// A link in a frame of another site: of one that is registered, and of one that is not.
export default async ({ args, context, must, picture }) => {
  const hosts = [args.busbar, args.vendor, args.stranger].map((u) => new URL(u).host);
  const c = await context({ hosts, quiet: ["frame-ancestors", "target origin provided", "X-Frame-Options", "chromewebdata"] });
  const page = await c.newPage();

  await page.goto(args.stranger + "/frame");
  await page.locator("#go").click();
  await page.frameLocator("iframe").locator("body.neterror").waitFor({ state: "attached" });
  must((await page.frameLocator("iframe").getByRole("button", { name: "Continue" }).count()) === 0, "a page that is not registered shows the link");

  await page.goto(args.vendor + "/frame");
  await page.locator("#go").click();
  const frame = page.frameLocator("iframe");
  await frame.locator("h1", { hasText: "Connect SimERP" }).waitFor();
  must((await page.locator("dialog").getAttribute("aria-label")) === "Connect a system", "the dialog has no name");
  await picture(page, "frame");
  frame.locator("main").press("Escape").catch(() => {}); // not waited for: the frame goes with the key still down
  await page.locator("#told", { hasText: "exit closed" }).waitFor();
  must((await page.locator("dialog").count()) === 0, "Escape in the frame does not close it");

  await page.locator("#go").click();
  await frame.getByRole("button", { name: "Continue" }).click();
  await frame.locator("#f_url").fill(args.erp);
  await frame.locator("#f_api_key").fill(args.key);
  await frame.getByRole("button", { name: "Check the login" }).click();
  await frame.getByRole("button", { name: "Connect SimERP" }).click();
  await page.locator("#told", { hasText: "connected" }).waitFor();
  must((await page.locator("dialog").count()) === 0, "the dialog stays");
  const [, Code, State] = (await page.locator("#told").innerText()).split(" ");
  return { Code, State };
};
