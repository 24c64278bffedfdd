// What the two listening tasks share: a sample, a file or the microphone goes through a network chunk by chunk, and the result
// is a curve over the recording with marked spans.
import type {ComponentChildren} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';
import {DropArea, FileButton, milliseconds} from '../app/controls.tsx';
import {breathe, type OnProgress} from '../app/models.ts';
import {TaskPanel, useTask} from '../app/task.tsx';
import {decodeAudio} from '../audio/decode.ts';
import {type Listening, listen} from '../audio/microphone.ts';
import {type Span, Timeline} from '../charts/timeline.tsx';
import {stepThrough} from '../tasks/steps.ts';

const LONGEST_SECONDS = 30; // kept of a microphone
const REPAINT_MS = 80;

interface AudioTaskProps<R> {
  id: string;
  title: string;
  intro: ComponentChildren;
  options?: ComponentChildren;
  sample: string;
  rate: number;
  chunk: number;
  threshold: number;
  /** Loads the networks; the function gives a chunk's value. */
  open: (onProgress: OnProgress) => Promise<(samples: Float32Array) => Promise<number>>;
  /** What the values mean. */
  interpret: (values: number[]) => R;
  spans: (result: R) => Span[];
  summary: (result: R) => unknown;
  describe: (result: R) => ComponentChildren;
}

interface Heard {
  samples: Float32Array;
  values: number[];
}

export function AudioTask<R>(props: AudioTaskProps<R>) {
  const {rate, chunk} = props;
  const [state, start] = useTask<{result: R; ms: number}>();
  const [heard, setHeard] = useState<Heard>();
  const [url, setUrl] = useState<string>();
  const [microphone, setMicrophone] = useState<Listening>();
  const listening = useRef<Listening | undefined>(undefined);
  listening.current = microphone;
  useEffect(() => () => void listening.current?.stop(), []);
  useEffect(() => () => url && URL.revokeObjectURL(url), [url]);

  const hearFile = (blob: Blob) =>
    start(async (onProgress) => {
      const samples = await decodeAudio(blob, rate);
      setHeard({samples, values: []});
      setUrl(URL.createObjectURL(blob));
      const step = await props.open(onProgress);
      let painted = performance.now();
      let busy = 0;
      const timed = async (piece: Float32Array) => {
        const from = performance.now();
        const value = await step(piece);
        busy += performance.now() - from;
        return value;
      };
      const values = await stepThrough(samples, chunk, timed, async (results, all) => {
        if (performance.now() - painted < REPAINT_MS) return;
        painted = performance.now();
        onProgress('Listening', results.length / all);
        setHeard({samples, values: [...results]});
        await breathe();
      });
      setHeard({samples, values});
      return {result: props.interpret(values), ms: busy};
    });

  const hearMicrophone = () =>
    start(async (onProgress) => {
      const step = await props.open(onProgress);
      const most = Math.floor((LONGEST_SECONDS * rate) / chunk);
      const pieces: Float32Array[] = [];
      const values: number[] = [];
      let busy = 0;
      setUrl(undefined);
      await new Promise<void>((resolve, reject) => {
        const onChunk = async (piece: Float32Array) => {
          const from = performance.now();
          values.push(await step(piece));
          busy += performance.now() - from;
          pieces.push(piece);
          if (pieces.length > most) {
            pieces.shift();
            values.shift();
          }
          onProgress('Listening to the microphone');
          setHeard({samples: join(pieces), values: [...values]});
        };
        listen(rate, chunk, onChunk, reject).then((source) => {
          const stop = () => source.stop().then(resolve, reject);
          setMicrophone({stop});
        }, reject);
      }).finally(() => setMicrophone(undefined));
      return {result: props.interpret(values), ms: busy};
    });

  const result = heard && heard.values.length > 0 ? props.interpret(heard.values) : undefined;
  return (
    <TaskPanel
      id={props.id}
      title={props.title}
      intro={props.intro}
      state={state}
      summary={(done) => props.summary(done.result)}
      controls={
        <>
          <button
            type="button"
            class="primary"
            data-action="sample"
            onClick={async () => hearFile(await (await fetch(props.sample)).blob())}
          >
            Use the sample
          </button>
          <FileButton accept="audio/*" onFile={hearFile}>
            Choose a recording
          </FileButton>
          {microphone ? (
            <button type="button" class="stop" data-action="stop" onClick={() => microphone.stop()}>
              Stop listening
            </button>
          ) : (
            <button type="button" data-action="microphone" onClick={hearMicrophone}>
              Use the microphone
            </button>
          )}
          {props.options}
        </>
      }
    >
      <DropArea onFile={hearFile}>
        {heard ? (
          <Timeline
            samples={heard.samples}
            rate={rate}
            values={heard.values}
            chunk={chunk}
            threshold={props.threshold}
            spans={result === undefined ? [] : props.spans(result)}
          />
        ) : (
          <div class="timeline empty">The recording appears here</div>
        )}
        {/* biome-ignore lint/a11y/useMediaCaption: the user's own recording */}
        {url && <audio controls src={url} />}
      </DropArea>
      {result !== undefined && props.describe(result)}
      {state.phase === 'done' && heard && (
        <p class="figures">
          {(heard.samples.length / rate).toFixed(1)} s of audio took <strong>{milliseconds(state.result.ms)}</strong>
          {' of computing: '}
          {((heard.samples.length / rate / state.result.ms) * 1000).toFixed(0)} times faster than it plays
        </p>
      )}
    </TaskPanel>
  );
}

function join(pieces: Float32Array[]): Float32Array {
  const all = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
