// Sessions that decode images, through the package as built: Pillow's pixels, and empty ones of what does not decode.
import {readFileSync} from 'node:fs';
import {InferenceSession, Tensor} from 'webinfer';
import {model} from '../models.js';

const folder = new URL('../../data/images/', import.meta.url);
const expected = readFileSync(new URL('expected.txt', folder), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(' ') as [string, string, string, string, string]);

const decoder = (pixel_format: string) =>
  model(
    [{op: 'ImageDecoder', inputs: ['file'], outputs: ['image'], attributes: {pixel_format}}],
    [{name: 'file', type: 'uint8', dims: ['N']}],
    [{name: 'image', type: 'uint8', dims: ['H', 'W', 'C']}],
    [],
    20,
  );

function fnv(bytes: Uint8Array): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
}

async function decode(session: InferenceSession, file: Uint8Array): Promise<Tensor> {
  const {image} = await session.run({file: new Tensor('uint8', file, [file.length])});
  return image as Tensor;
}

describe('ImageDecoder', () => {
  for (const worker of [false, true]) {
    it(`gives Pillow's pixels${worker ? ' in a worker' : ''}`, async () => {
      const rgb = await InferenceSession.create(decoder('RGB'), {worker});
      const grey = await InferenceSession.create(decoder('Grayscale'), {worker});
      expect(expected.length).toBeGreaterThan(50);
      for (const [name, width, height, rgbHash, greyHash] of expected) {
        const file = new Uint8Array(readFileSync(new URL(name, folder)));
        const colours = await decode(rgb, file);
        expect([name, ...colours.dims]).toEqual([name, Number(height), Number(width), 3]);
        expect([name, fnv(colours.data as Uint8Array)]).toEqual([name, rgbHash]);
        expect([name, fnv((await decode(grey, file)).data as Uint8Array)]).toEqual([name, greyHash]);
      }
      await Promise.all([rgb.release(), grey.release()]);
    });
  }

  it('turns colours round for BGR', async () => {
    const file = new Uint8Array(readFileSync(new URL('rgb.png', folder)));
    const sessions = await Promise.all(['RGB', 'BGR'].map((format) => InferenceSession.create(decoder(format))));
    const [rgb, bgr] = await Promise.all(
      sessions.map(async (session) => (await decode(session, file)).data as Uint8Array),
    );
    expect(Array.from((bgr as Uint8Array).slice(0, 3))).toEqual(Array.from((rgb as Uint8Array).slice(0, 3)).reverse());
    await Promise.all(sessions.map((session) => session.release()));
  });

  it('gives an empty image of what does not decode, and goes on', async () => {
    const session = await InferenceSession.create(decoder('RGB'));
    const file = new Uint8Array(readFileSync(new URL('420.jpg', folder)));
    for (const broken of [file.subarray(0, 100), Uint8Array.of(1, 2, 3), Uint8Array.of(0x89, 0x50)]) {
      expect((await decode(session, broken)).dims).toEqual([0, 0, 3]);
    }
    expect((await decode(session, file)).dims).toEqual([17, 23, 3]);
    await session.release();
  });
});
