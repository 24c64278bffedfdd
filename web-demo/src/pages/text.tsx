// Reads the text in a picture with PP-OCRv4: a detector, a direction classifier and a recogniser in a chain.
import {useRef, useState} from 'preact/hooks';
import {DropArea, FileButton, milliseconds} from '../app/controls.tsx';
import {breathe, download, openModels} from '../app/models.ts';
import {TaskPanel, useTask} from '../app/task.tsx';
import {corners} from '../tasks/ocr/geometry.ts';
import type {Picture} from '../tasks/ocr/picture.ts';
import {parseDictionary, readText, type TextLine} from '../tasks/ocr/read-text.ts';

const MODELS = {
  detector: 'ch_PP-OCRv4_det_infer.onnx',
  direction: 'ch_ppocr_mobile_v2.0_cls_infer.onnx',
  recognizer: 'ch_PP-OCRv4_rec_infer.onnx',
};
const DICTIONARY = 'models/ppocr_keys_v1.txt';
const LARGEST_SIDE = 2048;

interface TextResult {
  lines: TextLine[];
  ms: number;
}

async function decodePicture(blob: Blob): Promise<Picture> {
  const bitmap = await createImageBitmap(blob).catch(() => {
    throw new Error('This file is not a picture that the browser can show.');
  });
  const scale = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const context = canvas.getContext('2d', {willReadFrequently: true}) as CanvasRenderingContext2D;
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

export function TextPage() {
  const [state, start] = useTask<TextResult>();
  const [shown, setShown] = useState<{url: string; picture: Picture}>();
  const [active, setActive] = useState<number>();
  const lastUrl = useRef<string | undefined>(undefined);

  const read = (blob: Blob) =>
    start(async (onProgress) => {
      const picture = await decodePicture(blob);
      if (lastUrl.current) URL.revokeObjectURL(lastUrl.current);
      lastUrl.current = URL.createObjectURL(blob);
      setShown({url: lastUrl.current, picture});
      const {runtime, models} = await openModels(MODELS, onProgress);
      const characters = parseDictionary(
        new TextDecoder().decode(await download(DICTIONARY, 'the dictionary', onProgress)),
      );
      onProgress('Looking for text');
      await breathe();
      const from = performance.now();
      const lines = await readText(runtime, {...models, characters}, picture, (done, all) =>
        onProgress(`Reading line ${done} of ${all}`, done / all),
      );
      return {lines, ms: performance.now() - from};
    });
  const readSample = async () => read(await (await fetch('samples/picture.jpg')).blob());
  const lines = state.phase === 'done' ? state.result.lines : [];

  return (
    <TaskPanel
      id="text"
      title="Read the text in a picture"
      intro="Three PP-OCRv4 networks in a chain: one finds text at any angle, one tells which way is up, one reads the line. English and Chinese."
      state={state}
      summary={(result) => result.lines.map(({text, confidence}) => ({text, confidence}))}
      controls={
        <>
          <button type="button" class="primary" data-action="sample" onClick={readSample}>
            Use the sample
          </button>
          <FileButton accept="image/*" onFile={read}>
            Choose a picture
          </FileButton>
          <span class="hint">or drop one below</span>
        </>
      }
    >
      <DropArea onFile={read}>
        <div class="columns">
          <figure class="picture">
            {shown ? (
              <>
                <img src={shown.url} alt="" />
                <svg viewBox={`0 0 ${shown.picture.width} ${shown.picture.height}`} aria-hidden="true">
                  {lines.map((line, i) => (
                    <polygon
                      key={`${i} ${line.text}`}
                      class={i === active ? 'active' : undefined}
                      points={corners(line.rect)
                        .map(({x, y}) => `${x},${y}`)
                        .join(' ')}
                    />
                  ))}
                </svg>
              </>
            ) : (
              <figcaption>The picture appears here</figcaption>
            )}
          </figure>
          <div>
            {state.phase === 'done' && (
              <>
                <p class="figures">
                  {lines.length} {lines.length === 1 ? 'line' : 'lines'} in{' '}
                  <strong>{milliseconds(state.result.ms)}</strong>
                </p>
                <ol class="lines">
                  {lines.map((line, i) => (
                    <li
                      key={`${i} ${line.text}`}
                      onMouseEnter={() => setActive(i)}
                      onMouseLeave={() => setActive(undefined)}
                    >
                      <span>{line.text}</span>
                      <small>{Math.round(line.confidence * 100)} %</small>
                    </li>
                  ))}
                </ol>
                {lines.length === 0 && <p>No text was found.</p>}
              </>
            )}
          </div>
        </div>
      </DropArea>
    </TaskPanel>
  );
}
