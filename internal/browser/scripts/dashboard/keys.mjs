import { as } from "./as.mjs";

// With the keyboard alone: the way past the menu, a focus that is seen, and windows that keep it and give it back.
export default async (tools) => {
  const { args, must } = tools;
  const { page, open, button, dialog } = await as(tools, "owner");
  const focused = () => page.evaluate(() => {
    const at = document.activeElement;
    const style = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    return { text: at.textContent.trim().slice(0, 40), id: at.id, tag: at.tagName, inside: Boolean(at.closest("dialog")), outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth), seen: box.bottom > 0 && box.width > 0 };
  });
  await open(`/connections/${args.connection}`, /Works/);
  await page.keyboard.press("Tab");
  const first = await focused();
  must(first.text.startsWith("Skip") && first.seen, `the first Tab comes to ${JSON.stringify(first)}`);
  await page.keyboard.press("Enter");
  must((await focused()).id === "main", `the way past the menu leads to ${JSON.stringify(await focused())}`);
  for (let n = 0; n < 25; n++) {
    await page.keyboard.press("Tab");
    const at = await focused();
    if (at.tag !== "BODY") must(at.outline >= 2, `the focus is not seen at ${JSON.stringify(at)}`);
  }

  const opener = button("Pause", { exact: true });
  await opener.focus();
  await page.keyboard.press("Enter");
  await dialog().waitFor();
  for (let n = 0; n < 8; n++) {
    const at = await focused();
    must(at.inside || at.tag === "BODY", `the focus leaves the window for ${JSON.stringify(at)}`);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Escape");
  await dialog().waitFor({ state: "hidden" });
  must(await opener.evaluate((b) => b === document.activeElement), `the focus does not come back: ${JSON.stringify(await focused())}`);
};
