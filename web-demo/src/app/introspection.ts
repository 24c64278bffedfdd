// What webinfer tells beyond onnxruntime's API; other libraries tell nothing.
import type {Runtime, Session} from './runtime.ts';

export interface NodeTime {
  op: string;
  node: string;
  ms: number;
}

export interface MemoryUse {
  /** Bytes. */
  weights: number;
  arena: number;
  total: number;
}

interface Introspective {
  endProfiling(): Promise<{op: string; node: string; microseconds: number}[]> | undefined;
  stats?(): Promise<{weightBytes: number; arenaBytes: number; memoryBytes: number}>;
}

/** The time of each node in one run, or undefined if the library does not tell. */
export async function profileRun(session: Session, feeds: Session.FeedsType): Promise<NodeTime[] | undefined> {
  session.startProfiling();
  await session.run(feeds);
  const entries = await (session as unknown as Introspective).endProfiling();
  return entries?.map(({op, node, microseconds}) => ({op, node, ms: microseconds / 1000}));
}

export async function memoryOf(session: Session): Promise<MemoryUse | undefined> {
  const stats = await (session as unknown as Introspective).stats?.();
  return stats && {weights: stats.weightBytes, arena: stats.arenaBytes, total: stats.memoryBytes};
}

interface Capable {
  capabilities?(): {variant: string; defaultThreads: number; reasons: Record<string, string>};
}

/** What of the machine the library uses, in a few words, and why not more. */
export function capabilitiesOf(runtime: Runtime): {text: string; reasons: string} | undefined {
  const found = (runtime as Capable).capabilities?.();
  if (!found) return undefined;
  const simd = found.variant.startsWith('relaxed') ? 'relaxed SIMD' : 'SIMD';
  const threads = found.defaultThreads === 1 ? '1 thread' : `${found.defaultThreads} threads`;
  return {text: `${simd}, ${threads}`, reasons: Object.values(found.reasons).join(' ')};
}
