// What every task has in common: it is idle, working, done or failed, and its panel shows which.
import type {ComponentChildren} from 'preact';
import {useRef, useState} from 'preact/hooks';
import type {OnProgress} from './models.ts';

export type TaskState<R> =
  | {phase: 'idle'}
  | {phase: 'working'; label: string; fraction?: number}
  | {phase: 'done'; result: R}
  | {phase: 'failed'; error: unknown};

/** Runs one job at a time; a newer one replaces the older one's result. */
export function useTask<R>(): [TaskState<R>, (job: (onProgress: OnProgress) => Promise<R>) => Promise<void>] {
  const [state, setState] = useState<TaskState<R>>({phase: 'idle'});
  const newest = useRef(0);
  const start = async (job: (onProgress: OnProgress) => Promise<R>) => {
    const mine = ++newest.current;
    const show = (next: TaskState<R>) => {
      if (newest.current === mine) setState(next);
    };
    show({phase: 'working', label: 'Starting'});
    try {
      const result = await job((label, fraction) => show({phase: 'working', label, fraction}));
      show({phase: 'done', result});
    } catch (error) {
      console.error(error);
      show({phase: 'failed', error});
    }
  };
  return [state, start];
}

interface TaskPanelProps<R> {
  id: string;
  title: string;
  intro: ComponentChildren;
  controls: ComponentChildren;
  state: TaskState<R>;
  /** What a test may read of the result. */
  summary?: (result: R) => unknown;
  children?: ComponentChildren;
}

export function TaskPanel<R>({id, title, intro, controls, state, summary, children}: TaskPanelProps<R>) {
  const result = state.phase === 'done' && summary ? JSON.stringify(summary(state.result)) : undefined;
  return (
    <section class="task" id={`task-${id}`} data-phase={state.phase} data-result={result}>
      <h1>{title}</h1>
      <p class="intro">{intro}</p>
      <div class="controls">{controls}</div>
      <div class="status" role="status">
        {state.phase === 'working' && <Progress label={state.label} fraction={state.fraction} />}
      </div>
      {state.phase === 'failed' && <ErrorBox error={state.error} />}
      {children}
    </section>
  );
}

export function Progress({label, fraction}: {label: string; fraction?: number}) {
  return (
    <div class="progress">
      <span>
        {label}
        {fraction === undefined ? '…' : ` ${Math.round(fraction * 100)} %`}
      </span>
      <progress value={fraction} max={1} />
    </div>
  );
}

const DETAILS = ['code', 'op', 'node'] as const;

/** An error in words; a WebInferError also says what kind it is and where. */
export function ErrorBox({error}: {error: unknown}) {
  const fields = (error ?? {}) as Record<string, unknown>;
  const details = DETAILS.filter((key) => typeof fields[key] === 'string' && fields[key] !== '');
  return (
    <div class="error" role="alert">
      <strong>That did not work.</strong> {error instanceof Error ? error.message : String(error)}
      {details.length > 0 && (
        <dl>
          {details.map((key) => (
            <>
              <dt>{key}</dt>
              <dd>{String(fields[key])}</dd>
            </>
          ))}
        </dl>
      )}
    </div>
  );
}
