// Walks through a recording as a microphone would deliver it.

/** The result of `step` for each `chunk` samples; the last chunk is filled with silence. */
export async function stepThrough(
  samples: Float32Array,
  chunk: number,
  step: (samples: Float32Array) => Promise<number>,
  onStep?: (results: number[], all: number) => void | Promise<void>,
): Promise<number[]> {
  const all = Math.ceil(samples.length / chunk);
  const results: number[] = [];
  for (let i = 0; i < all; i++) {
    const piece = new Float32Array(chunk);
    piece.set(samples.subarray(i * chunk, (i + 1) * chunk));
    results.push(await step(piece));
    await onStep?.(results, all);
  }
  return results;
}
