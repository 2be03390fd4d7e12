// Links that do not work, as their pages say.
export default async ({ args, context, barriers, must }) => {
  const hosts = [new URL(args.busbar).host];
  const quiet = ["status of 404", "status of 403", "status of 410"];
  const one = await (await context({ hosts, quiet })).newPage();
  const other = await (await context({ hosts, quiet })).newPage();
  const says = async (page, address, status, heading) => {
    const answer = await page.goto(address);
    must(answer.status() === status, `${heading}: answered ${answer.status()}`);
    await page.locator("h1", { hasText: heading }).waitFor();
    return page.content();
  };
  const unknown = await says(one, `${args.busbar}/link/${args.unknown}`, 404, "This link is not known");
  await barriers(one, "unknown");
  const malformed = await says(one, `${args.busbar}/link/hello`, 404, "This link is not known");
  must(unknown === malformed, "a link that was mistyped looks other than one that is not there");

  await one.goto(args.open);
  await one.getByRole("button", { name: "Continue" }).click();
  await one.locator("h1", { hasText: "Which system" }).waitFor();
  await says(other, args.open, 403, "This link is open in another browser");
  await barriers(other, "elsewhere");

  await one.goto(args.dropped);
  await one.getByRole("button", { name: "Continue" }).click();
  await one.getByRole("button", { name: "Cancel" }).click();
  await one.locator("h1", { hasText: "Cancelled" }).waitFor();
  await barriers(one, "cancelled");
  await says(other, args.dropped, 410, "This link was withdrawn");
};
