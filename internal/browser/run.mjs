// Runs scripts in Chromium, one after the other. It reads {script, args} a line, and writes {result, told} for each: told is what went wrong, among that what a page may not have.
import { chromium } from "playwright-core";
import { readFileSync, mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";
import path from "node:path";

const [program, shots] = process.argv.slice(2);
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let complaints = [];
const complain = (text) => { if (!complaints.includes(text)) complaints.push(text); };

const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });

// tools is what a script gets, besides args.
const tools = {
  // context is a browser of its own, with cookies of its own. hosts are those that its pages may ask; quiet are complaints that the script expects.
  // A form with something wrong in it answers 422, which the console of the browser notes.
  async context({ hosts = [], quiet: more = [], ...options } = {}) {
    const quiet = ["status of 422", ...more];
    const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1440, height: 900 }, ...options });
    context.setDefaultTimeout(60_000);
    const expected = (text) => quiet.some((part) => text.includes(part));
    await context.addInitScript(() => addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`)));
    context.on("console", (m) => {
      const text = `${m.text()} at ${m.location().url}`;
      if (["error", "warning"].includes(m.type()) && !expected(text)) complain(`console: ${text}`);
    });
    context.on("weberror", (e) => { if (!expected(e.error().message)) complain(`script: ${e.error().stack}`); });
    context.on("dialog", (d) => { complain(`a dialog says ${d.message()}`); d.dismiss(); });
    if (hosts.length) {
      context.on("request", (r) => {
        const u = new URL(r.url());
        if (u.protocol.startsWith("http") && !hosts.includes(u.host)) complain(`a page asks another host: ${r.url()}`);
      });
    }
    return context;
  },
  // barriers looks for what keeps people out, in a page as it stands.
  async barriers(page, name) {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [1440, 400]) {
        // Colours differ by scheme and places by width: two views see both of each.
        const looked = (colorScheme === "light") === (width === 1440);
        if (!looked && !shots) continue;
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: width === 400 ? 800 : 900 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0) complain(`${name}: ${wide} pixels too wide at ${width}`);
        if (looked) for (const v of await tools.axe(page)) complain(`${name}, ${colorScheme}, ${width}: ${v}`);
        await tools.picture(page, `${name}-${width}-${colorScheme}`);
      }
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1440, height: 900 });
  },
  async axe(page) {
    // The page's policy lets no script in; the tool comes by the debugger, which may.
    await page.evaluate(axeSource + ";0");
    const { violations } = await page.evaluate(() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    return violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html + " " + n.failureSummary).join(" | ").slice(0, 600)}`);
  },
  async picture(page, name) {
    if (!shots) return;
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: path.join(shots, name + ".png"), fullPage: true });
  },
  complain,
  must(ok, text) { if (!ok) throw new Error(text); },
};

// run gives what became of one script.
async function run({ script, args }) {
  complaints = [];
  let result, failure;
  try {
    const { default: main } = await import(pathToFileURL(script));
    // hand lets the test do what no page does.
    const hand = async (name, body) => {
      const answer = await fetch(`${args.hands}/${name}`, { method: "POST", body: JSON.stringify(body ?? null) });
      if (!answer.ok) throw new Error(`${name}: ${await answer.text()}`);
      return answer.json();
    };
    result = await main({ ...tools, args, hand });
  } catch (error) {
    failure = error;
  }
  const told = [];
  for (const context of browser.contexts()) {
    for (const page of failure ? context.pages() : []) {
      told.push(`page ${page.url().replace(/bb_[a-z]+_\w+/g, "[secret]")}:\n${(await page.locator("body").innerText().catch(() => "")).slice(0, 1500)}\n`);
      if (shots) await tools.picture(page, "failed");
    }
    await context.close();
  }
  if (failure) told.push(failure.stack ?? String(failure));
  return { result: result ?? null, told: [...told, ...complaints].join("\n") };
}

for await (const line of createInterface({ input: process.stdin })) process.stdout.write(JSON.stringify(await run(JSON.parse(line))) + "\n");
await browser.close();
