// The page that every host of browsers must run: one session on the page's thread, one in a worker; and what is asked of it.
import {launchChromium} from '../../browser/chromium.mjs';
import {assert, assertEqual} from '../../report.mjs';
import {EXPECTED, INPUT} from './project.mjs';

export const MAIN_JS = `
import {InferenceSession, Tensor, capabilities} from 'webinfer';

async function run(worker) {
  const session = await InferenceSession.create('./model.onnx', {worker});
  const {y} = await session.run({x: new Tensor('float32', Float32Array.from(${JSON.stringify(INPUT)}), [2, 3])});
  let remote = false;
  try {
    session.runSync({x: y});
  } catch (error) {
    remote = error.code === 'HostUnsupported';
  }
  await session.release();
  return {data: Array.from(y.data), remote};
}

globalThis.outcome = (async () => ({
  capabilities: capabilities(),
  isolated: globalThis.crossOriginIsolated,
  here: await run(false),
  worker: await run(true),
}))();
`;

export const htmlWith = (script, head = '') =>
  `<!doctype html><html><head><meta charset="utf-8"><title>webinfer</title><link rel="icon" href="data:,">${head}</head><body>${script}</body></html>`;

let browser;

/** Opens `url` and checks that both sessions gave the right result, without a warning. Returns what the page says of itself. */
export async function checkPage(url, {threads = false} = {}) {
  browser ??= await launchChromium();
  const page = await browser.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  try {
    await page.goto(url);
    const outcome = await page
      .waitForFunction('globalThis.outcome', undefined, {timeout: 30000})
      .then(() => page.evaluate(() => globalThis.outcome.catch((error) => ({error: String(error?.stack ?? error)}))))
      .catch((error) => ({error: String(error)}));
    if (outcome.error) throw new Error(`${outcome.error}\n${complaints.join('\n')}`);
    assertEqual(outcome.here, {data: EXPECTED, remote: false}, 'on the page');
    assertEqual(outcome.worker, {data: EXPECTED, remote: true}, 'in a worker');
    assertEqual(complaints, [], 'complaints on the console');
    const {variant} = outcome.capabilities;
    assert(variant.startsWith('relaxed'), `Chromium has relaxed SIMD, yet the build is ${variant}`);
    assert(!threads || outcome.isolated, 'the page should be cross-origin isolated');
    return variant;
  } finally {
    await page.close();
  }
}

export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}
