// Three browser engines behind one small interface: open(url), evaluate(expression), close().
//   chromium  the system's Chromium, by playwright-core
//   firefox   Debian's Firefox ESR, by puppeteer-core over WebDriver BiDi
//   webkit    WebKitGTK's MiniBrowser, nearest to Safari, by WebKitWebDriver under Xvfb
import {spawn, spawnSync} from 'node:child_process';
import {existsSync, readdirSync} from 'node:fs';
import {createServer} from 'node:net';
import {Skip} from '../report.mjs';
import {launchChromium} from './chromium.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function chromium() {
  const browser = await launchChromium(['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream']);
  const page = await browser.newPage();
  return {
    messages: collectMessages(page),
    page,
    open: (url) => page.goto(url),
    evaluate: (expression) => page.evaluate(expression),
    close: () => browser.close(),
  };
}

async function firefox() {
  const executablePath = process.env.WEBINFER_FIREFOX ?? '/usr/bin/firefox-esr';
  if (!existsSync(executablePath))
    throw new Skip('no Firefox ESR: install firefox-esr, or name it in WEBINFER_FIREFOX');
  const {default: puppeteer} = await import('puppeteer-core');
  const browser = await puppeteer.launch({browser: 'firefox', executablePath, headless: true});
  const page = await browser.newPage();
  return {
    messages: collectMessages(page),
    open: (url) => page.goto(url),
    evaluate: (expression) => page.evaluate(expression),
    close: () => browser.close(),
  };
}

function collectMessages(page) {
  const messages = [];
  page.on('console', (message) => messages.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => messages.push(`page error: ${error.message}`));
  return messages;
}

async function webkit() {
  for (const program of ['WebKitWebDriver', 'xvfb-run']) {
    if (spawnSync('which', [program]).status !== 0) throw new Skip(`no ${program}: install webkit2gtk-driver and xvfb`);
  }
  const libraries = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  const browsers = readdirSync(libraries)
    .filter((name) => name.startsWith('webkit2gtk-'))
    .map((name) => `${libraries}/${name}/MiniBrowser`);
  const binary = browsers.find(existsSync);
  if (!binary) throw new Skip('no MiniBrowser of WebKitGTK: install webkit2gtk-driver');
  const port = await freePort();
  const driver = spawn('xvfb-run', ['-a', 'WebKitWebDriver', `--port=${port}`], {
    stdio: 'ignore',
    detached: true,
    env: {...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', WEBKIT_DISABLE_COMPOSITING_MODE: '1'},
  });
  const call = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {method, body: body && JSON.stringify(body)});
    const {value} = await response.json();
    if (!response.ok) throw new Error(`WebKitWebDriver ${path}: ${value?.message}`);
    return value;
  };
  const options = {binary, args: ['--automation']};
  const capabilities = {alwaysMatch: {'webkitgtk:browserOptions': options}};
  let session;
  for (let attempt = 0; attempt < 40 && !session; attempt++) {
    await sleep(250);
    session = await call('POST', '/session', {capabilities}).then(
      ({sessionId}) => sessionId,
      () => undefined,
    );
  }
  if (!session) {
    process.kill(-driver.pid);
    throw new Error('WebKitWebDriver did not start within 10 s');
  }
  return {
    messages: [],
    open: (url) => call('POST', `/session/${session}/url`, {url}),
    evaluate: (expression) =>
      call('POST', `/session/${session}/execute/sync`, {script: `return ${expression}`, args: []}),
    close: async () => {
      await call('DELETE', `/session/${session}`).catch(() => undefined);
      process.kill(-driver.pid);
    },
  };
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const {port} = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const DRIVERS = {chromium, firefox, webkit};

/** A driver by name; throws Skip when the browser is not installed. */
export function launch(name) {
  const driver = DRIVERS[name];
  if (!driver) throw new Error(`no browser is called ${name}; there are ${Object.keys(DRIVERS).join(', ')}`);
  return driver();
}

/** Polls an expression until it is truthy, and returns its value. */
export async function waitFor(driver, expression, {seconds = 90} = {}) {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const value = await driver.evaluate(expression);
    if (value) return value;
    if (Date.now() > until) {
      throw new Error(`not within ${seconds} s: ${expression}\n${driver.messages.slice(-8).join('\n')}`);
    }
    await sleep(100);
  }
}
