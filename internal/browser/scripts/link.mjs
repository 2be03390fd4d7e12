// From the vendor's page through every step of a link, and back.
export default async ({ args, context, barriers, must }) => {
  const c = await context({ hosts: [new URL(args.busbar).host, new URL(args.vendor).host] });
  const page = await c.newPage();
  const h1 = (text) => page.locator("h1", { hasText: text }).waitFor();

  await page.goto(args.vendor + "/start");
  await h1("Connect your system");
  await barriers(page, "1-welcome");
  await page.getByRole("button", { name: "Continue" }).click();

  await h1("Which system do you use?");
  await barriers(page, "2-pick");
  await page.getByLabel("Search").fill("nothing like this");
  await page.getByText("No system fits that.").waitFor();
  await barriers(page, "2-pick-none");
  await page.getByRole("link", { name: "Show all" }).click();
  must((await page.locator("#systems li:visible").count()) > 5, "Show all does not show them");
  must((await page.evaluate(() => document.activeElement.id)) === "q", "the focus is not on the search");
  await page.getByLabel("Search").fill("simerp");
  must((await page.locator("#systems li:visible").count()) === 1, "the search does not narrow the list to one");
  await page.getByRole("link", { name: "SimERP" }).click();

  await h1("Log in to SimERP");
  await barriers(page, "3-login");
  await page.getByRole("button", { name: "Check the login" }).click();
  await page.getByText("Please mend this").or(page.getByText("That did not work yet")).first().waitFor();
  await barriers(page, "4-empty");
  must((await page.evaluate(() => document.activeElement.id)) === "summary", "the focus is not on what is wrong");

  await page.locator("#f_url").fill("http://127.0.0.1:1");
  await page.locator("#f_api_key").fill(args.key);
  await page.getByRole("button", { name: "Check the login" }).click();
  await page.locator(".findings .bad").first().waitFor();
  await barriers(page, "5-unreachable");
  must((await page.locator(".help", { hasText: "Given before" }).count()) === 1, "a key that was typed must be typed again although the address was wrong");

  await page.locator("#f_url").fill(args.erp);
  await page.locator("#f_api_key").fill(args.wrong);
  await page.getByRole("button", { name: "Show API key" }).click();
  must((await page.locator("#f_api_key").getAttribute("type")) === "text", "Show does not show");
  await page.getByRole("button", { name: "Check the login" }).click();
  await page.locator(".findings .bad").first().waitFor();
  await barriers(page, "6-refused");
  must((await page.locator("#f_url").inputValue()) === args.erp, "the address that was typed is gone");
  must((await page.locator("#f_api_key").inputValue()) === "", "the wrong key is offered again");
  must(!(await page.content()).includes(args.wrong), "the key that was typed is in the page");

  await page.locator("#f_api_key").fill(args.key);
  await page.getByRole("button", { name: "Check the login" }).click();
  await h1("What may be read from SimERP?");
  must(!(await page.content()).includes(args.key), "the key that was typed is in the page");
  must(await page.getByLabel("Currencies").isDisabled(), "what may not be read can be chosen");
  must(await page.getByLabel("Vendors").isChecked(), "what may be read is not chosen");
  await barriers(page, "7-choose");

  for (const one of await page.locator("input[name=entity]:enabled").all()) await one.uncheck();
  await page.getByRole("button", { name: "Connect SimERP" }).click();
  await page.getByText("Choose at least one thing").waitFor();
  must((await page.locator("input[name=entity]:checked").count()) === 0, "what was left out is chosen again");
  await barriers(page, "8-nothing-chosen");
  await page.getByLabel("Vendors").check();
  await page.getByLabel("How far back?").selectOption("all");
  await page.getByRole("button", { name: "Connect SimERP" }).click();

  await page.waitForURL(args.vendor + "/back?*");
  must((await page.locator("#state").innerText()) === "st-4711", "the state is not the one that was sent");
};
