// Hears a wake word with openWakeWord.
import {useState} from 'preact/hooks';
import {openModels} from '../app/models.ts';
import {CHUNK, detections, SAMPLE_RATE, WakeWordListener} from '../tasks/wake-word.ts';
import {AudioTask} from './audio-task.tsx';

const WORDS = [
  {name: 'hey jarvis', file: 'hey_jarvis_v0.1.onnx'},
  {name: 'alexa', file: 'alexa_v0.1.onnx'},
] as const;
const THRESHOLD = 0.5;
const CHUNK_SECONDS = CHUNK / SAMPLE_RATE;

interface Heard {
  /** Seconds at which the word had just been said. */
  times: number[];
  highest: number;
}

export function WakeWordPage() {
  const [word, setWord] = useState<(typeof WORDS)[number]>(WORDS[0]);
  return (
    <AudioTask<Heard>
      id="wake-word"
      title="Hear a wake word"
      intro="openWakeWord turns 80 ms of audio at a time into mel frames, those into an embedding, and the last sixteen embeddings into a score."
      sample="samples/hey-jarvis.wav"
      rate={SAMPLE_RATE}
      chunk={CHUNK}
      threshold={THRESHOLD}
      options={
        <label class="choice">
          listen for
          <select
            value={word.file}
            onChange={(event) => setWord(WORDS.find(({file}) => file === event.currentTarget.value) ?? WORDS[0])}
          >
            {WORDS.map(({name, file}) => (
              <option key={file} value={file}>
                {name}
              </option>
            ))}
          </select>
        </label>
      }
      open={async (onProgress) => {
        const files = {melspectrogram: 'melspectrogram.onnx', embedding: 'embedding_model.onnx', classifier: word.file};
        const {runtime, models} = await openModels(files, onProgress);
        const listener = await WakeWordListener.create(runtime, models);
        return (samples) => listener.listen(samples);
      }}
      interpret={(scores) => ({
        times: detections(scores, THRESHOLD).map((chunk) => (chunk + 1) * CHUNK_SECONDS),
        highest: Math.max(...scores),
      })}
      spans={({times}) => times.map((time) => ({start: Math.max(0, time - 1), end: time, label: word.name}))}
      summary={(heard) => heard}
      describe={({times, highest}) => (
        <p class="verdict">
          {times.length ? (
            <>
              Heard <strong>{word.name}</strong> at {times.map((time) => `${time.toFixed(2)} s`).join(', ')}
            </>
          ) : (
            <>
              Did not hear <strong>{word.name}</strong>
            </>
          )}
          <small>highest score {highest.toFixed(3)}</small>
        </p>
      )}
    />
  );
}
