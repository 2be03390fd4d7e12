import { onPage } from "./as.mjs";

// From the link of the first start to a record that is changed in the ERP.
export default async (tools) => {
  const { args, context, must, hand, barriers } = tools;
  const c = await context({ hosts: [new URL(args.url).host], quiet: ["/v1/live"] });
  const { page, button, link, row, heading, settled } = onPage(args, await c.newPage(), must);
  const main = page.getByRole("main");
  await page.goto(`${args.url}/setup/${args.setup}`);
  await page.getByLabel("Your name").fill("Ada Plant");
  await page.getByLabel("E-mail address").fill("ada@example.com");
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery 9");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/app/");
  await heading("Connect a system").waitFor();
  await barriers(page, "first-steps");
  await main.getByRole("link", { name: "Connect a system" }).click();

  await main.getByLabel("System", { exact: true }).selectOption({ label: "SimERP" });
  await main.getByLabel(/^Name/).fill("Sandbox");
  await page.getByLabel(/^Address/).fill(args.erp);
  await page.getByLabel(/^API key/).fill(args.key);
  await button("Connect", { exact: true }).click();
  await heading("Sandbox is connected").waitFor();
  must(!(await page.content()).includes(args.key), "the key that was typed is still in the page");
  await link("Overview").click();
  await main.getByRole("link", { name: "Open the records" }).click();

  await page.getByLabel("Entity").selectOption({ label: `Vendors (${args.vendors})` });
  await row(args.vendor).getByRole("link").first().click();
  await page.getByRole("heading", { level: 1, name: args.vendor }).waitFor();
  await settled();
  await link("Edit").click();
  await page.getByLabel(/^Name/).first().fill(`${args.vendor} & Sons`);
  await button("Check", { exact: true }).click();
  await page.getByText("It can be written.").waitFor();
  must((await hand("changed")).length === 0, "a check has written");
  await button("Write the change").click();
  await page.getByRole("heading", { level: 1, name: `${args.vendor} & Sons` }).waitFor();
  const changed = await hand("changed");
  must(changed.length === 1 && changed[0] === `${args.vendor} & Sons`, `the ERP has changed as ${JSON.stringify(changed)}`);
};
