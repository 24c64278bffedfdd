// The system's Chromium, headless, driven by playwright-core.
import {existsSync} from 'node:fs';
import {chromium} from 'playwright-core';
import {Skip} from '../report.mjs';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
];

/** `args` are further command-line flags. */
export async function launchChromium(args = []) {
  const executablePath = process.env.WEBINFER_CHROMIUM ?? PLACES.find(existsSync);
  if (!executablePath) throw new Skip('no Chromium: install it, or name it in WEBINFER_CHROMIUM');
  const quiet = [
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return chromium.launch({executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', ...quiet, ...args]});
}
