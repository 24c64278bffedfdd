// What webinfer's sessions tell beyond onnxruntime's API; other libraries' sessions tell nothing.
import type {Session} from './runtime.ts';

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

interface Introspective extends Session {
  profile?(): Promise<{op: string; node: string; microseconds: number; calls: number}[]>;
  stats?(): Promise<{weightBytes: number; arenaBytes: number; memoryBytes: number}>;
}

/** The time of each node in one run, or undefined if the library does not tell. */
export async function profileRun(session: Session, feeds: Session.FeedsType): Promise<NodeTime[] | undefined> {
  const own = session as Introspective;
  if (!own.profile) return undefined;
  session.startProfiling();
  await session.run(feeds);
  const entries = await own.profile();
  session.endProfiling();
  return entries.map(({op, node, microseconds}) => ({op, node, ms: microseconds / 1000}));
}

export async function memoryOf(session: Session): Promise<MemoryUse | undefined> {
  const stats = await (session as Introspective).stats?.();
  return stats && {weights: stats.weightBytes, arena: stats.arenaBytes, total: stats.memoryBytes};
}
