// The microphone as chunks of mono samples.
import workletUrl from './capture-worklet.ts?worker&url';

export interface Listening {
  stop(): Promise<void>;
}

/** Calls `onChunk` with `chunk` samples at `rate`, one call at a time, until stopped. */
export async function listen(
  rate: number,
  chunk: number,
  onChunk: (samples: Float32Array) => Promise<void>,
  onError: (error: unknown) => void,
): Promise<Listening> {
  const stream = await navigator.mediaDevices?.getUserMedia({audio: {channelCount: 1}}).catch(() => undefined);
  if (!stream) throw new Error('There is no microphone, or the page may not use it.');
  const context = new AudioContext({sampleRate: rate});
  await context.audioWorklet.addModule(workletUrl);
  const capture = new AudioWorkletNode(context, 'capture', {numberOfOutputs: 0, processorOptions: {chunk}});
  let queue = Promise.resolve();
  capture.port.onmessage = ({data}: MessageEvent<Float32Array>) => {
    queue = queue.then(() => onChunk(data)).catch(onError);
  };
  context.createMediaStreamSource(stream).connect(capture);
  return {
    async stop() {
      for (const track of stream.getTracks()) track.stop();
      await context.close();
      await queue;
    },
  };
}
