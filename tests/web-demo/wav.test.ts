// WAV files: chunks in any order, 16 bit and float, first channel only; anything else is left to the browser.
import {parseWav} from '../../web-demo/src/audio/wav.ts';

function wav(kind: number, bits: number, channels: number, body: ArrayBuffer, extra = true) {
  const chunks: Uint8Array[] = [];
  const chunk = (name: string, data: Uint8Array) => {
    const head = new DataView(new ArrayBuffer(8));
    [...name].forEach((c, i) => {
      head.setUint8(i, c.charCodeAt(0));
    });
    head.setUint32(4, data.length, true);
    chunks.push(new Uint8Array(head.buffer), data, new Uint8Array(data.length & 1));
  };
  const format = new DataView(new ArrayBuffer(16));
  format.setUint16(0, kind, true);
  format.setUint16(2, channels, true);
  format.setUint32(4, 16000, true);
  format.setUint16(14, bits, true);
  if (extra) chunk('LIST', new Uint8Array(7));
  chunk('fmt ', new Uint8Array(format.buffer));
  chunk('data', new Uint8Array(body));
  const content = Buffer.concat([Buffer.from('WAVE'), ...chunks]);
  const file = Buffer.concat([Buffer.from('RIFF'), Buffer.alloc(4), content]);
  return new Uint8Array(file).buffer;
}

test('16-bit stereo gives the first channel in -1..1', () => {
  const recording = parseWav(wav(1, 16, 2, Int16Array.of(16384, 7, -32768, 7, 0, 7).buffer));
  expect(recording?.rate).toBe(16000);
  expect(Array.from(recording?.samples ?? [])).toEqual([0.5, -1, 0]);
});

test('float samples are taken as they are', () => {
  const recording = parseWav(wav(3, 32, 1, Float32Array.of(0.25, -0.75, 0, 0, 0, 0).buffer, false));
  expect(Array.from(recording?.samples ?? []).slice(0, 2)).toEqual([0.25, -0.75]);
});

test('other formats and other files are refused', () => {
  expect(parseWav(wav(1, 8, 1, new ArrayBuffer(8)))).toBeUndefined();
  expect(parseWav(new ArrayBuffer(10))).toBeUndefined();
  expect(parseWav(new TextEncoder().encode('OggS'.padEnd(60)).buffer as ArrayBuffer)).toBeUndefined();
});
