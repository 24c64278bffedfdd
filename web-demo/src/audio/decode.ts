// Audio files as mono samples at the rate that the networks want.
import {parseWav} from './wav.ts';

/** Mono samples in -1..1 at `rate`. */
export async function decodeAudio(blob: Blob, rate: number): Promise<Float32Array> {
  const bytes = await blob.arrayBuffer();
  const wav = parseWav(bytes);
  if (wav?.rate === rate) return wav.samples;
  const context = new OfflineAudioContext(1, 1, rate);
  const decoded = await context.decodeAudioData(bytes).catch(() => {
    throw new Error('This file is not a recording that the browser can play.');
  });
  if (decoded.sampleRate === rate && decoded.numberOfChannels === 1) return decoded.getChannelData(0);
  const resampler = new OfflineAudioContext(1, Math.max(1, Math.ceil(decoded.duration * rate)), rate);
  const source = resampler.createBufferSource();
  source.buffer = decoded;
  source.connect(resampler.destination);
  source.start();
  return (await resampler.startRendering()).getChannelData(0);
}
