import { as } from "./as.mjs";

// A page with data in it: nothing keeps people out, nothing is too wide, and what systems say is text.
export default async (tools) => {
  const { args, must, barriers, complain } = tools;
  const { name, path, title, shows } = args.page;
  const { page, open, settled } = await as(tools, "owner");
  await open(path, title ?? /./);
  await settled();
  for (const text of shows ?? []) await page.getByText(text).locator("visible=true").first().waitFor();
  must((await page.locator("main script, main img[src=x], main iframe").count()) === 0, "what a system says has become more than text");
  await barriers(page, name);
  await page.setViewportSize({ width: 2560, height: 1300 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) complain(`${name}: ${wide} pixels too wide at 2560`);
};
