// Runs a model for a while and says how long it takes; two libraries take turns, so that both meet the same machine.
import {breathe, type OnProgress} from '../../app/models.ts';
import type {Session} from '../../app/runtime.ts';

const WARM_RUNS = 3;
const BUDGET_MS = 1200;
const MOST_RUNS = 50;

export interface Contender {
  name: string;
  session: Session;
  feeds: Session.FeedsType;
}

export interface Timing {
  /** Median of a run, milliseconds. */
  ms: number;
  runs: number;
  firstMs: number;
  outputs: Session.ReturnType;
}

export async function measureInTurns(contenders: Contender[], onProgress: OnProgress): Promise<Timing[]> {
  const timings: Timing[] = [];
  for (const {name, session, feeds} of contenders) {
    onProgress(`First run with ${name}`);
    await breathe();
    const from = performance.now();
    const outputs = await session.run(feeds);
    timings.push({ms: 0, runs: 0, firstMs: performance.now() - from, outputs});
  }
  const times: number[][] = contenders.map(() => []);
  const started = performance.now();
  for (let round = 0; round < MOST_RUNS + WARM_RUNS; round++) {
    const elapsed = performance.now() - started;
    if (round > WARM_RUNS && elapsed > BUDGET_MS * contenders.length) break;
    onProgress('Measuring', Math.min(1, elapsed / (BUDGET_MS * contenders.length)));
    await breathe();
    for (const [i, {session, feeds}] of contenders.entries()) {
      const from = performance.now();
      await session.run(feeds);
      if (round >= WARM_RUNS) times[i]?.push(performance.now() - from);
    }
  }
  return timings.map((timing, i) => {
    const sorted = (times[i] as number[]).sort((a, b) => a - b);
    return {...timing, ms: sorted[sorted.length >> 1] as number, runs: sorted.length};
  });
}
