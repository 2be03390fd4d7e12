import { as } from "./as.mjs";

const begun = `flow: new-vendors
title: New vendors
connections:
  erp: {title: Where vendors are kept}
steps:
  - id: rows
    each:
      in: '[{code: "J-1", name: "Alpha Pumps", currency: "EUR"}, {code: "J-2", name: "Beta Belts", currency: "LIRA"}]'
      key: item.code
      steps: []
`;
const written = `      steps:
        - id: vendor
          write: {connection: erp, entity: vendors, op: create, data: {code: '\${item.code}', name: '\${item.name}', currency: '\${item.currency}'}}
`;

// Builds a flow, tests it, runs it, looks into what failed, mends that and goes on.
export default async (tools) => {
  const { must, hand } = tools;
  const { page, open, button, link, heading, dialog, row } = await as(tools, "owner");
  const main = page.getByRole("main");
  await open("/flows", "Flows");
  await main.getByRole("link", { name: "New flow" }).first().click();
  const empty = page.getByRole("listitem").filter({ has: heading("An empty flow") });
  await empty.getByRole("button", { name: "Begin with it" }).click();

  const text = page.getByLabel("The document as YAML");
  await text.fill(begun.replace("currency: \"LIRA\"}]", "currency: \"LIRA\"}"));
  await page.getByText(/\d+ problems?/).first().waitFor();
  must(await button(/^Save/).isDisabled(), "a document with problems can be applied");
  await text.fill(begun);
  // A step is added on the drawing, and stands in the text.
  await page.getByLabel("Add a step").first().selectOption("filter");
  await page.waitForFunction(() => document.querySelector("textarea[aria-label='The document as YAML']").value.includes("filter:"));
  await text.fill(begun.replace("      steps: []\n", written));
  await page.getByLabel("Where vendors are kept").selectOption({ label: "Works" });
  await page.getByText("Nothing is wrong with it").waitFor();

  await button("Test run").click();
  await heading(/Test run/).waitFor();
  await main.getByText("J-1").first().waitFor();
  must((await hand("made")).length === 0, "a test run has written");

  await button(/^Save/).click();
  await page.getByRole("heading", { level: 1, name: "New vendors" }).waitFor();
  await button("Run now").click();
  await dialog().getByRole("button", { name: "Run it" }).click();
  await page.getByRole("heading", { level: 1, name: /^Run of/ }).waitFor();
  await main.getByText("1 failed").first().waitFor();
  await main.getByText("1 ok").first().waitFor();
  must((await hand("made")).join() === "J-1", "the run has not written what it says");

  await row("J-2").getByRole("link", { name: "J-2" }).click();
  await dialog().getByText(/LIRA/).first().waitFor();
  await dialog().getByRole("button", { name: "Edit its input" }).click();
  const input = dialog().getByLabel("Input to go on with");
  await input.fill((await input.inputValue()).replace("LIRA", "EUR"));
  await dialog().getByRole("button", { name: "Retry with this input" }).click();
  await main.getByText("2 ok").first().waitFor();
  const made = await hand("made");
  must(made.sort().join() === "J-1,J-2", `the ERP has ${made}`);

  await row("J-2").getByRole("link", { name: "J-2" }).click();
  await page.waitForFunction(() => /Tries\s+2\b/.test(document.querySelector("dialog[open]").innerText));
  await page.keyboard.press("Escape");
  await dialog().waitFor({ state: "detached" });
  await link("new-vendors").click();
  await page.getByRole("heading", { level: 1, name: "New vendors" }).waitFor();
  await main.getByText("2 ok").first().waitFor();
};
