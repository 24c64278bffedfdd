// Speech or silence with Silero VAD v5: 32 ms steps with a recurrent state, then intervals from the probabilities as in the
// model's own `get_speech_timestamps`.
import type {Runtime, Session, Tensor} from '../app/runtime.ts';

export const SAMPLE_RATE = 16000;
export const STEP = 512;
const CONTEXT = 64; // samples of the step before, which the network sees again
const STATE_DIMS = [2, 1, 128];
export const START = 0.5; // probability at which speech starts
const STOP = 0.35; // ... and below which it may stop
const SHORTEST_SPEECH = 0.25; // seconds
const SHORTEST_SILENCE = 0.1;
const PADDING = 0.03;

export interface Interval {
  /** Seconds. */
  start: number;
  end: number;
}

/** Feeds audio step by step, as from a microphone. */
export class SpeechDetector {
  readonly #runtime: Runtime;
  readonly #session: Session;
  readonly #frame = new Float32Array(CONTEXT + STEP);
  #state: Tensor;

  constructor(runtime: Runtime, session: Session) {
    this.#runtime = runtime;
    this.#session = session;
    this.#state = new runtime.Tensor('float32', new Float32Array(2 * 128), STATE_DIMS);
  }

  /** The probability that these STEP samples (in -1..1, at SAMPLE_RATE) are speech. */
  async step(samples: Float32Array): Promise<number> {
    const {Tensor} = this.#runtime;
    this.#frame.copyWithin(0, STEP);
    this.#frame.fill(0, CONTEXT);
    this.#frame.set(samples, CONTEXT);
    const outputs = await this.#session.run({
      input: new Tensor('float32', this.#frame.slice(), [1, this.#frame.length]),
      state: this.#state,
      sr: new Tensor('int64', BigInt64Array.of(BigInt(SAMPLE_RATE)), []),
    });
    const {output, stateN} = outputs;
    if (!output || !stateN) throw new Error('This is no Silero VAD v5: its outputs are "output" and "stateN".');
    this.#state = stateN;
    return (output.data as Float32Array)[0] as number;
  }
}

/** Intervals of speech: hysteresis between START and STOP, short silences bridged, short speech dropped, ends padded. */
export function speechIntervals(probabilities: number[]): Interval[] {
  const seconds = STEP / SAMPLE_RATE;
  const found: Interval[] = [];
  let start: number | undefined;
  let quietSince: number | undefined;
  const close = (end: number) => {
    if (start !== undefined && end - start >= SHORTEST_SPEECH) found.push({start, end});
    start = undefined;
    quietSince = undefined;
  };
  probabilities.forEach((probability, i) => {
    const now = i * seconds;
    if (probability >= START) {
      quietSince = undefined;
      start ??= now;
    } else if (start !== undefined && probability < STOP) {
      quietSince ??= now;
      if (now - quietSince >= SHORTEST_SILENCE) close(quietSince);
    }
  });
  const total = probabilities.length * seconds;
  close(quietSince ?? total);
  return found.map(({start: from, end}) => ({start: Math.max(0, from - PADDING), end: Math.min(total, end + PADDING)}));
}
