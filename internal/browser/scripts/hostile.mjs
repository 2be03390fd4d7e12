// Names that try to be more than text.
export default async ({ args, context, must }) => {
  const c = await context({ hosts: [new URL(args.busbar).host] });
  const page = await c.newPage();
  await page.goto(args.link);
  must((await page.locator(".brand-name").innerText()).includes("<script>alert(2)</script>"), "the name is not shown as it is");
  must((await page.locator("main img, main script, header img").count()) === 0, "a name has become more than text");
  must((await page.locator("link[rel=stylesheet]").count()) === 1, "a colour that is none has a style sheet");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.goto(page.url().replace(/\?.*/, "") + "?system=sim-erp&method=" + encodeURIComponent(args.hostile) + "&lang=" + encodeURIComponent(args.hostile));
  await page.locator("#f_url").fill("javascript:alert(5)//" + args.hostile);
  await page.locator("#f_api_key").fill(args.hostile);
  await page.getByRole("button", { name: "Check the login" }).click();
  await page.locator("#summary").waitFor();
  must((await page.locator("#f_url").inputValue()).endsWith(args.hostile), "what was typed is not kept as it is");
  must((await page.locator("main img").count()) === 0, "what was typed has become more than text");
};
