// A waveform with a probability over it and marked spans, all on one axis of seconds.

export interface Span {
  start: number;
  end: number;
  label?: string;
}

interface TimelineProps {
  samples: Float32Array;
  rate: number;
  /** One value in 0..1 per `chunk` samples, from the start. */
  values: number[];
  chunk: number;
  threshold: number;
  spans: Span[];
}

const WIDTH = 1000;
const HEIGHT = 220;
const BARS = 250;

/** The waveform as one path of vertical strokes, each as high as the loudest sample under it. */
function waveform(samples: Float32Array): string {
  let path = '';
  const per = Math.max(1, samples.length / BARS);
  for (let i = 0; i < Math.min(BARS, samples.length); i++) {
    let peak = 0;
    for (let j = Math.floor(i * per); j < Math.min(samples.length, (i + 1) * per); j++)
      peak = Math.max(peak, Math.abs(samples[j] as number));
    const half = Math.max(0.6, Math.sqrt(peak) * 72);
    path += `M${((i + 0.5) * WIDTH) / BARS} ${(HEIGHT / 2 - half).toFixed(1)}v${(half * 2).toFixed(1)}`;
  }
  return path;
}

export function Timeline({samples, rate, values, chunk, threshold, spans}: TimelineProps) {
  const duration = samples.length / rate;
  const x = (seconds: number) => (seconds / duration) * WIDTH;
  const y = (value: number) => HEIGHT - 10 - value * (HEIGHT - 20);
  const curve = values
    .map((value, i) => `${i ? 'L' : 'M'}${x(((i + 1) * chunk) / rate).toFixed(1)} ${y(value).toFixed(1)}`)
    .join('');
  const ticks = Array.from({length: Math.floor(duration) + 1}, (_, i) => i);
  return (
    <figure class="timeline">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT + 24}`} role="img" aria-label="Recording over time">
        {spans.map(({start, end, label}) => (
          <g key={start}>
            <rect class="span" x={x(start)} y={0} width={Math.max(3, x(end) - x(start))} height={HEIGHT} rx={6} />
            {label && (
              <text class="label" x={x((start + end) / 2)} y={18} text-anchor="middle">
                {label}
              </text>
            )}
          </g>
        ))}
        <path class="wave" d={waveform(samples)} />
        <line class="threshold" x1={0} x2={WIDTH} y1={y(threshold)} y2={y(threshold)} />
        <path class="curve" d={curve} />
        {ticks.map((second) => (
          <text key={second} class="tick" x={x(second)} y={HEIGHT + 18} text-anchor={second ? 'middle' : 'start'}>
            {second} s
          </text>
        ))}
      </svg>
    </figure>
  );
}
