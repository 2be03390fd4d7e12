// A whole link by keys alone, without scripts, in German.
export default async ({ args, context, must, picture }) => {
  const c = await context({ hosts: [new URL(args.busbar).host], javaScriptEnabled: false, locale: "de-DE" });
  const page = await c.newPage();
  const focused = () => page.locator(":focus");
  // tabTo presses Tab until what it looks for has the focus.
  const tabTo = async (what) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      if ((await focused().count()) && (await page.locator(what).and(focused()).count())) return;
    }
    throw new Error(`Tab does not come to ${what}`);
  };
  await page.goto(args.link);
  await page.locator("h1", { hasText: "SimERP verbinden" }).waitFor();
  must((await page.locator("html").getAttribute("lang")) === "de", "the page is not in German");
  await tabTo(".skip");
  await tabTo("main button[type=submit]");
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: "Bei SimERP anmelden" }).waitFor();
  await tabTo("#f_url");
  await page.keyboard.type(args.erp);
  await tabTo("#f_api_key");
  await page.keyboard.type(args.wrong);
  await page.keyboard.press("Enter");
  await page.locator(".findings .bad").waitFor();
  must((await page.locator(".findings .bad").innerText()).includes("weist diese Anmeldung ab"), "the refusal is not in German");
  await picture(page, "de-refused");
  await tabTo("#f_api_key");
  await page.keyboard.type(args.key);
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: "Was darf aus SimERP gelesen werden?" }).waitFor();
  await picture(page, "de-choose");
  must((await page.locator("select").count()) === 0, "a period that is preset can be chosen");
  await tabTo("main .actions button");
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: "Verbunden" }).waitFor();
  await picture(page, "de-done");
  await page.goto(args.link);
  await page.locator("h1", { hasText: "Verbunden" }).waitFor();
};
