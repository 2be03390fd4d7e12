// Sets Busbar up, looks after the account, logs out and in again: with the keyboard where it says so.
export default async ({ args, context, barriers, must }) => {
  // The server of this test has no dashboard: it answers 404 there.
  const c = await context({ hosts: [new URL(args.url).host], quiet: ["status of 422", "status of 410", "status of 404"] });
  const page = await c.newPage();
  await page.goto(args.url + args.setup);
  await barriers(page, "setup");
  await page.getByRole("button", { name: "Set up" }).click();
  await page.getByText("It needs at least 12 characters.").first().waitFor();
  await barriers(page, "setup-wrong");
  await page.getByLabel("Your name").fill(args.name);
  await page.getByLabel("E-mail address").fill("olga@example.com");
  await page.getByLabel("Password", { exact: true }).fill(args.password);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/app/");
  await page.goto(args.url + args.setup);
  must((await page.locator("h1").innerText()).includes("does not work any more"), "the link works twice");
  await barriers(page, "gone");
  await page.goto(args.url + "/account");
  must((await page.locator("h1").innerText()).includes(args.name), "the name is not shown as text");
  await barriers(page, "account");
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "You are logged out" }).waitFor();
  await barriers(page, "bye");
  await page.goto(args.url + "/account");
  await page.waitForURL("**/login*");
  await barriers(page, "login");
  await page.keyboard.type("olga@example.com");
  await page.keyboard.press("Tab");
  await page.keyboard.type("wrong password");
  await page.keyboard.press("Enter");
  await page.getByText("do not belong together").waitFor();
  await barriers(page, "login-wrong");
  await page.getByLabel("Password", { exact: true }).fill(args.password);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/account");
};
