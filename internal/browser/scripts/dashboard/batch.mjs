import { as } from "./as.mjs";

// Uploads a file of which the ERP refuses some records, sees what became of each, mends the reason, and retries what failed.
export default async (tools) => {
  const { args, must, hand } = tools;
  const { page, open, button, dialog, heading } = await as(tools, "owner");
  const main = page.getByRole("main");
  const lines = ["code,name,currency"];
  for (let n = 1; n <= 6; n++) lines.push(`B-${n},Batch ${n},EUR`);
  await open(`/operations/upload?connection=${args.connection}&entity=vendors`, "Upload a file");
  await main.locator("input[type=file]").setInputFiles({ name: "vendors.csv", mimeType: "text/csv", buffer: Buffer.from(lines.join("\n") + "\n") });
  await heading(/What the columns mean/).waitFor();
  must((await hand("made")).length === 0, "something is sent before anybody has said so");
  await button("Check", { exact: true }).click();
  await main.getByText("6 records can be sent.").waitFor();
  // Numbers are taken meanwhile that the file gives to others.
  await hand("take", ["B-2", "B-5"]);
  await button("Send 6 records").click();
  await page.getByRole("heading", { level: 1, name: /Batch of 6/ }).waitFor();
  await button("Retry what failed").waitFor();
  for (const n of [1, 3, 4, 6]) await page.getByRole("row").nth(n).getByText("Applied").waitFor();
  for (const n of [2, 5]) {
    const refused = page.getByRole("row").nth(n);
    await refused.getByText("Rejected").waitFor();
    must((await refused.innerText()).includes(`B-${n}`), `item ${n} does not say why it was refused: ${await refused.innerText()}`);
  }
  await page.getByLabel("Status").selectOption({ label: "Rejected" });
  await page.waitForFunction(() => document.querySelectorAll("[role=table] [role=row]").length === 3);

  await hand("give", ["B-2", "B-5"]);
  await button("Retry what failed").click();
  await dialog().getByRole("button", { name: "Retry" }).click();
  await dialog().waitFor({ state: "detached" });
  await open(`/operations?connection=${args.connection}`, "Operations");
  await main.getByText(/Batch of 2|2 applied|2 items/i).first().waitFor();
  const made = await hand("made");
  must(made.sort().join() === "B-1,B-2,B-3,B-4,B-5,B-6", `the ERP has ${made}`);
};
