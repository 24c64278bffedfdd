// Runs on the audio thread: hands the microphone's samples to the page in chunks.
declare const registerProcessor: (name: string, processor: unknown) => void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
  constructor(options?: {processorOptions?: {chunk: number}});
}

class Capture extends AudioWorkletProcessor {
  readonly #chunk: Float32Array;
  #filled = 0;

  constructor(options: {processorOptions: {chunk: number}}) {
    super(options);
    this.#chunk = new Float32Array(options.processorOptions.chunk);
  }

  process([input]: Float32Array[][]): boolean {
    for (const sample of input?.[0] ?? []) {
      this.#chunk[this.#filled++] = sample;
      if (this.#filled === this.#chunk.length) {
        this.port.postMessage(this.#chunk.slice());
        this.#filled = 0;
      }
    }
    return true;
  }
}

registerProcessor('capture', Capture);
