import { as } from "./as.mjs";

// A list of 100,000 records: only those in sight are in the page, however far one has read.
export default async (tools) => {
  const { args, must } = tools;
  const { page, open } = await as(tools, "viewer");
  await open(`/records?connection=${args.connection}&entity=vendors`, "Records");
  await page.getByRole("row").nth(1).waitFor();
  let last = 0;
  while (last < 1500) {
    await page.waitForFunction(
      (before) => {
        const table = document.querySelector("main [role=table]");
        table.scrollTop = table.scrollHeight;
        return Number([...table.querySelectorAll("[role=row]")].at(-1).getAttribute("aria-rowindex")) > before;
      },
      last,
      { polling: 100 },
    );
    last = Number(await page.getByRole("row").last().getAttribute("aria-rowindex"));
    const rows = await page.getByRole("row").count();
    must(rows < 80, `${rows} rows are in the page when ${last} are read`);
  }
  must(await page.getByRole("row").last().getByRole("link").first().isVisible(), "what is read last is not shown");
};
