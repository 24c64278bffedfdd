// What a run gave: times beside each other, outputs, operators, time per node, memory.
import {milliseconds} from '../app/controls.tsx';
import type {NodeTime} from '../app/introspection.ts';
import {Bars} from '../charts/bars.tsx';
import type {LibraryRun, RunResult} from './own-model.tsx';

const PREVIEW = 8;

export function RunReport({result: {runs, difference, profile, memory}}: {result: RunResult}) {
  const [own, other] = runs;
  if (!own) return null;
  return (
    <div class="report">
      <div class="cards">
        {runs.map((run) => (
          <Card
            key={run.library}
            title={run.library}
            value={milliseconds(run.ms)}
            note={`median of ${run.runs} runs, first ${milliseconds(run.firstMs)}`}
          />
        ))}
        {other && (
          <Card
            title="ratio"
            value={`${(other.ms / own.ms).toFixed(2)}×`}
            note={other.ms > own.ms ? `${own.library} is faster` : `${own.library} is slower`}
          />
        )}
        {difference && (
          <Card
            title="largest difference"
            value={Number.isFinite(difference.relative) ? difference.relative.toExponential(1) : 'not comparable'}
            note={difference.reason ?? `of the largest magnitude, in ${difference.output}`}
          />
        )}
        {memory && (
          <Card
            title="memory"
            value={megabytes(memory.total)}
            note={`weights ${megabytes(memory.weights)}, working memory ${megabytes(memory.arena)}`}
          />
        )}
      </div>
      <h2>Outputs</h2>
      <Outputs outputs={own.outputs} />
      {profile && profile.length > 0 && (
        <div class="columns">
          <div>
            <h2>Time per node</h2>
            <Bars unit="ms" bars={profile.map(({op, node, ms}) => ({label: op, detail: node, value: ms}))} />
          </div>
          <div>
            <h2>Operators</h2>
            <Bars unit="ms" bars={byOperator(profile)} />
          </div>
        </div>
      )}
    </div>
  );
}

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

function byOperator(profile: NodeTime[]) {
  const operators = new Map<string, {count: number; ms: number}>();
  for (const {op, ms} of profile) {
    const entry = operators.get(op) ?? {count: 0, ms: 0};
    operators.set(op, {count: entry.count + 1, ms: entry.ms + ms});
  }
  return [...operators].map(([label, {count, ms}]) => ({
    label,
    detail: `${count} ${count === 1 ? 'node' : 'nodes'}`,
    value: ms,
  }));
}

function Card({title, value, note}: {title: string; value: string; note: string}) {
  return (
    <div class="card">
      <span>{title}</span>
      <strong>{value}</strong>
      <small>{note}</small>
    </div>
  );
}

function Outputs({outputs}: {outputs: LibraryRun['outputs']}) {
  return (
    <table>
      <thead>
        <tr>
          <th>name</th>
          <th>type</th>
          <th>shape</th>
          <th>lowest</th>
          <th>highest</th>
          <th>first values</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(outputs).map(([name, {type, dims, data}]) => {
          const values = Array.from(data as ArrayLike<number | bigint | string>);
          const numbers = type === 'string' ? [] : values.map(Number);
          return (
            <tr key={name}>
              <td>{name}</td>
              <td>{type}</td>
              <td>{dims.length ? dims.join(' × ') : 'scalar'}</td>
              <td>{number(numbers.reduce((a, b) => Math.min(a, b), Infinity))}</td>
              <td>{number(numbers.reduce((a, b) => Math.max(a, b), -Infinity))}</td>
              <td class="values">
                {values
                  .slice(0, PREVIEW)
                  .map((v) => (typeof v === 'string' ? v : number(Number(v))))
                  .join('  ')}
                {values.length > PREVIEW && ' …'}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const number = (value: number) => (Number.isFinite(value) ? String(Number(value.toPrecision(5))) : '');
