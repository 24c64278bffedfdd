// The built demo page with real models in one browser engine: each task must see what its sample contains.
//   node tests/browser/run.mjs chromium|firefox|webkit

import {demoFolder} from '../../web-demo/serve.mjs';
import {SAMPLE_CHECKS} from '../../web-demo/tasks-check.mjs';
import {Report} from '../report.mjs';
import {launch} from './drivers.mjs';
import {serve} from './server.mjs';

const name = process.argv[2] ?? 'chromium';
const report = new Report();
const {origin} = await serve({'/': demoFolder});
let driver;
await report.test(`${name} starts`, async () => {
  driver = await launch(name);
  await driver.open(`${origin}/`);
  return `${await driver.evaluate('navigator.userAgent')}, ${(await driver.evaluate('crossOriginIsolated')) ? 'isolated' : 'not isolated'}`;
});
if (driver) {
  for (const [task, check] of Object.entries(SAMPLE_CHECKS))
    await report.test(`${name}: ${task}`, () => check(driver, origin));
  await driver.close();
}
report.finish();
