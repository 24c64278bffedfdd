// Makes the samples that the page ships, once: speech by espeak-ng (Debian package), a picture by the system's Chromium, and
// public/samples/samples.json, which says what is in them. Run it again only to change them.
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {launchChromium} from '../../tests/browser/chromium.mjs';
import {xorshift} from '../../tests/models/inputs.mjs';

const RATE = 16000;
const folder = fileURLToPath(new URL('../public/samples/', import.meta.url));

/** Mono samples of a sentence at RATE, without the silence around it. */
function speak(text, voice, speed) {
  const wav = execFileSync('espeak-ng', ['--stdout', '-v', voice, '-s', String(speed), text]);
  const from = wav.readUInt32LE(24);
  const start = wav.indexOf('data') + 8;
  const input = Float32Array.from(
    {length: (wav.length - start) >> 1},
    (_, i) => wav.readInt16LE(start + 2 * i) / 32768,
  );
  const output = new Float32Array(Math.floor((input.length * RATE) / from));
  for (let i = 0; i < output.length; i++) {
    const at = (i * from) / RATE;
    const k = Math.floor(at);
    output[i] = input[k] * (1 - at + k) + (input[k + 1] ?? 0) * (at - k);
  }
  const loud = (v) => Math.abs(v) > 0.01;
  return output.subarray(output.findIndex(loud), output.findLastIndex(loud) + 1);
}

/** Sentences with pauses in seconds between them, over the faint noise of a room: the samples and where the speech is. */
function recording(parts) {
  const intervals = [];
  const pieces = [];
  let at = 0;
  for (const part of parts) {
    const piece = typeof part === 'number' ? new Float32Array(part * RATE) : speak(...part);
    if (typeof part !== 'number') intervals.push({start: round(at / RATE), end: round((at + piece.length) / RATE)});
    pieces.push(piece);
    at += piece.length;
  }
  const noise = xorshift(7);
  const samples = new Float32Array(at);
  let offset = 0;
  for (const piece of pieces) {
    for (const v of piece) samples[offset++] = v * 0.8 + (noise() - 0.5) * 0.004;
  }
  return {samples, intervals};
}

const round = (seconds) => Math.round(seconds * 100) / 100;

function writeWav(name, samples) {
  const wav = Buffer.alloc(44 + samples.length * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples.length * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // mono
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((v, i) => {
    wav.writeInt16LE(Math.round(Math.max(-1, Math.min(1, v)) * 32767), 44 + i * 2);
  });
  writeFileSync(`${folder}${name}`, wav);
}

const LINES = [
  'NORTH PIER',
  'Coffee & Bakery',
  'Open daily 7:30 - 18:00',
  'Flat white 3.80',
  'Cinnamon roll 4.25',
  'Sourdough loaf 6.50',
  'Fresh today',
];

async function drawPicture(name) {
  const html = readFileSync(new URL('picture.html', import.meta.url), 'utf8');
  const browser = await launchChromium();
  const page = await browser.newPage({viewport: {width: 960, height: 640}});
  await page.setContent(html);
  await page.evaluate((lines) => window.draw(lines), LINES);
  await page.screenshot({path: `${folder}${name}`, type: 'jpeg', quality: 85});
  await browser.close();
}

mkdirSync(folder, {recursive: true});
const speech = recording([
  0.9,
  ['The quick brown fox jumps over the lazy dog.', 'en-us', 160],
  1.3,
  ['A second sentence follows after a pause.', 'en-gb', 150],
  1.0,
]);
writeWav('speech.wav', speech.samples);
const wake = recording([
  0.6,
  ['Good evening.', 'en-us', 160],
  0.7,
  ['Hey Jarvis', 'en-gb-x-rp', 160],
  0.4,
  ['turn on the light', 'en-gb-x-rp', 160],
  0.9,
]);
writeWav('hey-jarvis.wav', wake.samples);
await drawPicture('picture.jpg');
const description = {
  picture: {lines: LINES},
  speech: {intervals: speech.intervals},
  wakeWord: {end: wake.intervals[1].end},
};
writeFileSync(`${folder}samples.json`, `${JSON.stringify(description, null, 2)}\n`);
