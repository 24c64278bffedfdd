// Any ONNX model: what it takes and gives, a run, where its time goes, and the same with onnxruntime-web beside it.
import {useState} from 'preact/hooks';
import {largestDifference} from '../../../tests/models/compare.mjs';
import {DropArea, FileButton} from '../app/controls.tsx';
import {type MemoryUse, memoryOf, type NodeTime, profileRun} from '../app/introspection.ts';
import {download, type OnProgress} from '../app/models.ts';
import {type LibraryName, loadRuntime, pageLibrary, type Session} from '../app/runtime.ts';
import {TaskPanel, useTask} from '../app/task.tsx';
import {feedsOf, formOf, type ModelForm} from '../tasks/own-model/inputs.ts';
import {measureInTurns, type Timing} from '../tasks/own-model/measure.ts';
import {InputsForm} from './own-model-form.tsx';
import {RunReport} from './own-model-report.tsx';

const EXAMPLES = [
  {name: 'PP-OCR text direction', file: 'ch_ppocr_mobile_v2.0_cls_infer.onnx'},
  {name: 'openWakeWord embedding', file: 'embedding_model.onnx'},
  {name: 'Silero VAD', file: 'silero_vad_v5.onnx'},
];
const OTHER: LibraryName = 'onnxruntime-web';

interface Opened {
  name: string;
  bytes: Uint8Array;
  createMs: number;
  session: Session;
}

export interface LibraryRun extends Timing {
  library: LibraryName;
}

export interface RunResult {
  runs: LibraryRun[];
  /** Between the two libraries' outputs, of the largest magnitude. */
  difference?: {relative: number; output: string; reason?: string};
  profile?: NodeTime[];
  memory?: MemoryUse;
}

export function OwnModelPage() {
  const [state, start] = useTask<RunResult | undefined>();
  const [opened, setOpened] = useState<Opened>();
  const [form, setForm] = useState<ModelForm>({inputs: [], sizes: {}});

  const open = (name: string, read: (onProgress: OnProgress) => Promise<Uint8Array>) =>
    start(async (onProgress) => {
      onProgress(`Reading ${name}`);
      const bytes = await read(onProgress);
      const runtime = await loadRuntime(pageLibrary);
      onProgress(`Preparing ${name}`);
      const from = performance.now();
      const session = await runtime.InferenceSession.create(bytes);
      await opened?.session.release();
      setOpened({name, bytes, session, createMs: performance.now() - from});
      setForm(formOf(session));
      return undefined;
    });
  const openFile = (file: File) => open(file.name, async () => new Uint8Array(await file.arrayBuffer()));

  const run = (libraries: LibraryName[]) =>
    start(async (onProgress) => {
      if (!opened) return undefined;
      const contenders = [];
      for (const name of libraries) {
        const runtime = await loadRuntime(name);
        onProgress(`Preparing ${opened.name} with ${name}`);
        const session = name === pageLibrary ? opened.session : await runtime.InferenceSession.create(opened.bytes);
        contenders.push({name, session, feeds: feedsOf(runtime, form)});
      }
      const timings = await measureInTurns(contenders, onProgress);
      const [own, other] = timings;
      const result: RunResult = {
        runs: timings.map((timing, i) => ({...timing, library: libraries[i] as LibraryName})),
        difference: own && other && largestDifference(other.outputs, own.outputs),
        profile: await profileRun(opened.session, feedsOf(await loadRuntime(pageLibrary), form)),
        memory: await memoryOf(opened.session),
      };
      for (const {name, session} of contenders) if (name !== pageLibrary) await session.release();
      return result;
    });

  const result = state.phase === 'done' ? state.result : undefined;
  return (
    <TaskPanel
      id="own-model"
      title="Run your own model"
      intro="Drop any .onnx file: see what it takes and gives, fill in its inputs, run it, and find where its time goes."
      state={state}
      summary={(done) => ({
        opened: opened?.name,
        outputs: done?.runs[0] && Object.keys(done.runs[0].outputs),
        times: done?.runs.map(({library, ms}) => ({library, ms})),
        difference: done?.difference?.relative,
        profiled: done?.profile?.length,
      })}
      controls={
        <>
          <FileButton accept=".onnx" onFile={openFile}>
            Choose a model
          </FileButton>
          <span class="hint">or try</span>
          {EXAMPLES.map(({name, file}) => (
            <button
              key={file}
              type="button"
              data-action={file}
              onClick={() => open(file, (p) => download(`models/${file}`, file, p))}
            >
              {name}
            </button>
          ))}
        </>
      }
    >
      <DropArea onFile={openFile}>
        {opened ? (
          <>
            <p class="figures">
              <strong>{opened.name}</strong>, {(opened.bytes.length / 1e6).toFixed(1)} MB, prepared in{' '}
              {opened.createMs.toFixed(0)} ms
            </p>
            <InputsForm form={form} outputs={opened.session.outputMetadata} onChange={setForm} />
            <div class="controls">
              <button type="button" class="primary" data-action="run" onClick={() => run([pageLibrary])}>
                Run
              </button>
              {pageLibrary !== OTHER && (
                <button type="button" data-action="compare" onClick={() => run([pageLibrary, OTHER])}>
                  Run beside {OTHER}
                </button>
              )}
            </div>
          </>
        ) : (
          <div class="timeline empty">Drop a model here</div>
        )}
      </DropArea>
      {result && <RunReport result={result} />}
    </TaskPanel>
  );
}
