import { as } from "./as.mjs";

// The ERP refuses the key of a connection. The page says so, takes a new one, and what was missed is there.
export default async (tools) => {
  const { args, must, hand } = tools;
  const { page, open, button, dialog } = await as(tools, "owner", { quiet: ["status of 409"] });
  const title = page.getByRole("heading", { level: 1 });
  await open(`/connections/${args.connection}`, /North/);
  await title.getByText("Active").waitFor();
  await hand("refuse");
  await button("Sync all now").click();
  await title.getByText("Needs reauthorization").waitFor();
  await page.goto(`${args.url}/app/connections?status=needs_reauthorization`);
  await page.getByRole("link", { name: "North" }).click();
  await title.getByText("Needs reauthorization").waitFor();

  await button("Reauthorize").click();
  await dialog().getByLabel(/^API key/).fill("CANARY-wrong-key");
  await dialog().getByRole("button", { name: "Renew the login" }).click();
  await dialog().getByRole("alert").first().waitFor();
  must(!(await page.locator("body").innerText()).includes("CANARY-wrong-key"), "the key that was typed is shown");
  await dialog().getByLabel(/^API key/).fill(args.second);
  await dialog().getByRole("button", { name: "Renew the login" }).click();
  await dialog().getByText("The new credentials work").waitFor();
  await dialog().getByRole("button", { name: "Done" }).click();
  await title.getByText("Active").waitFor();
  await page.goto(`${args.url}/app/records/${args.connection}/vendors/${args.vendor.id}`);
  await page.getByRole("heading", { level: 1, name: "Renamed meanwhile" }).waitFor();
};
