// Horizontal bars, longest first, each with its share of the whole.

export interface Bar {
  label: string;
  detail?: string;
  value: number;
}

export function Bars({bars, unit, most = 24}: {bars: Bar[]; unit: string; most?: number}) {
  const total = bars.reduce((sum, bar) => sum + bar.value, 0) || 1;
  const sorted = [...bars].sort((a, b) => b.value - a.value);
  const longest = sorted[0]?.value || 1;
  const rest = sorted.slice(most).reduce((sum, bar) => sum + bar.value, 0);
  return (
    <div class="bars">
      {sorted.slice(0, most).map((bar) => (
        <div class="bar" key={`${bar.label} ${bar.detail}`} title={bar.detail}>
          <span class="bar-label">
            {bar.label} {bar.detail && <small>{bar.detail}</small>}
          </span>
          <span class="bar-track">
            <span class="bar-fill" style={{width: `${(bar.value / longest) * 100}%`}} />
          </span>
          <span class="bar-value">
            {bar.value.toFixed(bar.value < 10 ? 2 : 1)} {unit} <small>{((bar.value / total) * 100).toFixed(0)} %</small>
          </span>
        </div>
      ))}
      {rest > 0 && (
        <p class="hint">
          and {sorted.length - most} more: {rest.toFixed(2)} {unit}
        </p>
      )}
    </div>
  );
}
