// A link whose customer logs in at the system's own login server: first with a no, then with a yes, and a choice of what is read.
export default async ({ args, context, barriers, must }) => {
  const c = await context({ hosts: [args.busbar, args.vendor, args.login].map((u) => new URL(u).host), quiet: ["status of 404", "status of 400"] });
  const page = await c.newPage();
  const h1 = (text) => page.locator("h1", { hasText: text }).waitFor();
  const goOn = () => page.getByRole("button", { name: "Continue at SimERP Cloud" }).click();

  await page.goto(args.vendor + "/start");
  await page.getByRole("button", { name: "Continue" }).click();
  await h1("Log in to SimERP Cloud");
  must((await page.locator("input[name=f_client_id], input[name=f_client_secret], input[name=f_login]").count()) === 0, "the form asks for what the vendor has registered");
  await page.locator("#f_url").fill(args.erp);
  await barriers(page, "20-away");
  await goOn();

  await h1("login: busbar");
  await page.getByLabel("Login").fill(args.person.login);
  await page.getByLabel("Password").fill(args.person.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await h1("consent: busbar");
  await page.getByRole("button", { name: "Deny" }).click();
  await h1("The login came to nothing");
  must((await page.locator(".brand-name").innerText()) === "Fennworks", "the page does not say whose it is");
  await barriers(page, "21-denied");
  await page.getByRole("link", { name: "Try again" }).click();

  await h1("Log in to SimERP Cloud");
  await page.locator("#f_url").fill(args.erp);
  await goOn();
  await h1("consent: busbar");
  await page.getByRole("button", { name: "Allow" }).click();
  await h1("What may be read from SimERP Cloud?");
  must(!/code=|state=/.test(page.url()), "the code stays in the address");
  must(await page.getByLabel("Vendors").isChecked(), "what may be read is not chosen");
  await barriers(page, "22-choose-away");
  await page.reload();
  await h1("What may be read from SimERP Cloud?");
  for (const one of await page.locator("input[name=entity]:enabled").all()) await one.uncheck();
  await page.getByRole("button", { name: "Connect SimERP Cloud" }).click();
  await page.getByText("Choose at least one thing").waitFor();
  must((await page.locator("input[name=entity]:checked").count()) === 0, "what was left out is chosen again");
  await page.getByLabel("Vendors").check();
  await page.getByLabel("How far back?").selectOption("all");
  await page.getByRole("button", { name: "Connect SimERP Cloud" }).click();
  await page.waitForURL(args.vendor + "/back?*");
  must((await page.locator("#state").innerText()) === "st-4711", "the state is not the one that was sent");
};
