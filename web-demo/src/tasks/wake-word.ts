// A wake word with openWakeWord: audio -> mel frames -> embeddings of 76 frames -> a score over the last embeddings, per 80 ms.
import {type Runtime, runFirst, type Session} from '../app/runtime.ts';

export const SAMPLE_RATE = 16000;
export const CHUNK = 1280; // 80 ms
const MEL_CONTEXT = 480; // samples before a chunk that its first mel frames need
const MEL_BINS = 32;
const EMBEDDING_FRAMES = 76;
const EMBEDDING_STEP = 8; // mel frames per chunk
const EMBEDDING_SIZE = 96;
const FULL_SCALE = 32768; // the networks were trained on 16-bit values

export interface WakeWordModels {
  melspectrogram: Session;
  embedding: Session;
  classifier: Session;
}

/** Listens chunk by chunk, as from a microphone. */
export class WakeWordListener {
  readonly #runtime: Runtime;
  readonly #models: WakeWordModels;
  readonly #audio = new Float32Array(MEL_CONTEXT + CHUNK);
  #mel = new Float32Array(EMBEDDING_FRAMES * MEL_BINS).fill(1);
  readonly #embeddings: Float32Array;
  readonly #window: number;

  private constructor(runtime: Runtime, models: WakeWordModels, window: number) {
    this.#runtime = runtime;
    this.#models = models;
    this.#window = window;
    this.#embeddings = new Float32Array(window * EMBEDDING_SIZE);
  }

  /** Starts with a window full of silence, so that what came before the recording has no part in the score. */
  static async create(runtime: Runtime, models: WakeWordModels, window = 16): Promise<WakeWordListener> {
    const listener = new WakeWordListener(runtime, models, window);
    const silence = new Float32Array(CHUNK);
    for (let i = 0; i < window + 10; i++) await listener.#embed(silence);
    return listener;
  }

  /** The probability (0..1) that the wake word ended within these CHUNK samples (in -1..1, at SAMPLE_RATE). */
  async listen(samples: Float32Array): Promise<number> {
    await this.#embed(samples);
    const score = await this.#run(this.#models.classifier, this.#embeddings.slice(), [1, this.#window, EMBEDDING_SIZE]);
    return score[0] as number;
  }

  async #embed(samples: Float32Array) {
    this.#audio.copyWithin(0, CHUNK);
    for (let i = 0; i < CHUNK; i++) this.#audio[MEL_CONTEXT + i] = Math.round((samples[i] ?? 0) * FULL_SCALE);
    const mel = await this.#run(this.#models.melspectrogram, this.#audio.slice(), [1, this.#audio.length]);
    const fresh = mel.subarray(mel.length - EMBEDDING_STEP * MEL_BINS);
    this.#mel.copyWithin(0, fresh.length);
    for (let i = 0; i < fresh.length; i++)
      this.#mel[this.#mel.length - fresh.length + i] = (fresh[i] as number) / 10 + 2;
    const embedding = await this.#run(this.#models.embedding, this.#mel.slice(), [1, EMBEDDING_FRAMES, MEL_BINS, 1]);
    this.#embeddings.copyWithin(0, EMBEDDING_SIZE);
    this.#embeddings.set(embedding, this.#embeddings.length - EMBEDDING_SIZE);
  }

  async #run(session: Session, data: Float32Array, dims: number[]): Promise<Float32Array> {
    return (await runFirst(session, new this.#runtime.Tensor('float32', data, dims))).data;
  }
}

/** The chunks at which a wake word was heard: the peak of each stretch above the threshold. */
export function detections(scores: number[], threshold: number): number[] {
  const peaks: number[] = [];
  let peak = -1;
  scores.forEach((score, i) => {
    if (score >= threshold) {
      if (peak < 0 || score > (scores[peak] as number)) peak = i;
    } else if (peak >= 0) {
      peaks.push(peak);
      peak = -1;
    }
  });
  return peak >= 0 ? [...peaks, peak] : peaks;
}
