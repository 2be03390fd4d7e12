// Looks at pages, each by itself, that need nothing but their address.
export default async ({ args, context, barriers, must }) => {
  const c = await context({ hosts: [new URL(args.url).host] });
  const page = await c.newPage();
  for (const { name, path, status = 200, heading } of args.pages) {
    const answer = await page.goto(args.url + path);
    must(answer.status() === status, `${path} answers ${answer.status()}`);
    const said = await page.locator("h1").innerText();
    must(!heading || said === heading, `${path} says ${said}, not ${heading}`);
    await barriers(page, name);
  }
};
