// Reads PCM WAV files without the browser's decoder, which resamples differently in each browser (and which WebKitGTK only has
// with plugins), so that a sample gives the same numbers everywhere.

export interface Recording {
  samples: Float32Array;
  rate: number;
}

const PCM = 1;
const FLOAT = 3;

/** The first channel of a WAV file, or undefined if it is not one of 16-bit or float PCM. */
export function parseWav(bytes: ArrayBuffer): Recording | undefined {
  const view = new DataView(bytes);
  const tag = (at: number) => String.fromCharCode(...new Uint8Array(bytes, at, 4));
  if (bytes.byteLength < 44 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE') return undefined;
  let format: {kind: number; channels: number; rate: number; bits: number} | undefined;
  for (let at = 12; at + 8 <= bytes.byteLength; ) {
    const [name, size, body] = [tag(at), view.getUint32(at + 4, true), at + 8];
    if (name === 'fmt ') {
      const u16 = (offset: number) => view.getUint16(body + offset, true);
      format = {kind: u16(0), channels: u16(2), rate: view.getUint32(body + 4, true), bits: u16(14)};
    } else if (name === 'data' && format) {
      const {kind, channels, rate, bits} = format;
      if (!(kind === PCM && bits === 16) && !(kind === FLOAT && bits === 32)) return undefined;
      const step = (channels * bits) / 8;
      const count = Math.floor(Math.min(size, bytes.byteLength - body) / step);
      const read = (i: number) =>
        kind === PCM ? view.getInt16(body + i * step, true) / 32768 : view.getFloat32(body + i * step, true);
      return {rate, samples: Float32Array.from({length: count}, (_, i) => read(i))};
    }
    at = body + size + (size & 1);
  }
  return undefined;
}
