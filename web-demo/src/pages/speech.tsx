// Speech or silence in a recording with Silero VAD.
import {openModels} from '../app/models.ts';
import {type Interval, SAMPLE_RATE, SpeechDetector, START, STEP, speechIntervals} from '../tasks/speech.ts';
import {AudioTask} from './audio-task.tsx';

const seconds = (value: number) => `${value.toFixed(2)} s`;

export function SpeechPage() {
  return (
    <AudioTask<Interval[]>
      id="speech"
      title="Find speech in a recording"
      intro="Silero VAD listens in steps of 32 ms and carries its state from step to step: an LSTM inside nested branches."
      sample="samples/speech.wav"
      rate={SAMPLE_RATE}
      chunk={STEP}
      threshold={START}
      open={async (onProgress) => {
        const {runtime, models} = await openModels({vad: 'silero_vad_v5.onnx'}, onProgress);
        const detector = new SpeechDetector(runtime, models.vad);
        return (samples) => detector.step(samples);
      }}
      interpret={speechIntervals}
      spans={(intervals) => intervals}
      summary={(intervals) => intervals}
      describe={(intervals) => (
        <ol class="lines compact">
          {intervals.map(({start, end}) => (
            <li key={start}>
              <span>
                {seconds(start)} to {seconds(end)}
              </span>
              <small>{seconds(end - start)} of speech</small>
            </li>
          ))}
          {intervals.length === 0 && <li>No speech so far.</li>}
        </ol>
      )}
    />
  );
}
