// Reads the text in a picture with PP-OCRv4: find boxes, turn each the right way up, read each line.
import {type Runtime, runFirst, type Session} from '../../app/runtime.ts';
import {detectText, type TextBox} from './detect.ts';
import {cutOut, type Picture, quarterTurn, toTensorData, turnUpsideDown} from './picture.ts';

const HALF = [0.5, 0.5, 0.5];
const LINE_HEIGHT = 48; // both networks' input height
const DIRECTION_WIDTH = 192;
const NARROWEST = 320;
const WIDEST = 2400;
const WIDTH_STEP = 32; // few distinct widths mean few distinct plans
const UPSIDE_DOWN = 0.9; // probability from which a line is turned
const LEAST_CONFIDENCE = 0.5;

export interface OcrModels {
  detector: Session;
  direction: Session;
  recognizer: Session;
  /** Characters by class; class 0 is CTC's blank. */
  characters: string[];
}

export interface TextLine extends TextBox {
  text: string;
  /** Mean probability of the characters. */
  confidence: number;
}

/** The characters of the recogniser's classes from the dictionary file: blank, one character a line, space. */
export const parseDictionary = (text: string): string[] => ['', ...text.replace(/\r?\n$/, '').split(/\r?\n/), ' '];

export async function readText(
  runtime: Runtime,
  models: OcrModels,
  picture: Picture,
  onLine?: (done: number, all: number) => void,
) {
  const boxes = await detectText(runtime, models.detector, picture);
  const lines: TextLine[] = [];
  for (const [i, box] of boxes.entries()) {
    const line = await turnedUp(runtime, models.direction, lineOf(picture, box));
    const {text, confidence} = await recognize(runtime, models, line);
    if (text && confidence >= LEAST_CONFIDENCE) lines.push({...box, text, confidence});
    onLine?.(i + 1, boxes.length);
  }
  return lines;
}

/** The box's pixels as a line of LINE_HEIGHT; a tall box is text that runs downwards. */
function lineOf(picture: Picture, {rect}: TextBox): Picture {
  const tall = rect.height > rect.width * 1.5;
  const [along, across] = tall ? [rect.height, rect.width] : [rect.width, rect.height];
  const width = Math.min(WIDEST, Math.max(1, Math.round((along / across) * LINE_HEIGHT)));
  return tall ? quarterTurn(cutOut(picture, rect, LINE_HEIGHT, width)) : cutOut(picture, rect, width, LINE_HEIGHT);
}

async function turnedUp({Tensor}: Runtime, session: Session, line: Picture): Promise<Picture> {
  const shown = {...line, width: Math.min(line.width, DIRECTION_WIDTH)};
  if (shown.width < line.width) shown.data = crop(line, shown.width);
  const data = toTensorData(shown, HALF, HALF, DIRECTION_WIDTH);
  const {data: scores} = await runFirst(session, new Tensor('float32', data, [1, 3, LINE_HEIGHT, DIRECTION_WIDTH]));
  return (scores[1] as number) > UPSIDE_DOWN ? turnUpsideDown(line) : line;
}

function crop(picture: Picture, width: number): Uint8ClampedArray {
  const out = new Uint8ClampedArray(width * picture.height * 4);
  for (let y = 0; y < picture.height; y++) {
    out.set(picture.data.subarray(y * picture.width * 4, (y * picture.width + width) * 4), y * width * 4);
  }
  return out;
}

async function recognize({Tensor}: Runtime, {recognizer, characters}: OcrModels, line: Picture) {
  const width = Math.max(NARROWEST, Math.ceil(line.width / WIDTH_STEP) * WIDTH_STEP);
  const data = toTensorData(line, HALF, HALF, width);
  const steps = await runFirst(recognizer, new Tensor('float32', data, [1, 3, LINE_HEIGHT, width]));
  return decode(steps.data, steps.dims[1] as number, steps.dims[2] as number, characters);
}

/** Greedy CTC: the likeliest class of each step, repeats merged, blanks dropped. */
export function decode(probabilities: Float32Array, steps: number, classes: number, characters: string[]) {
  let text = '';
  let sum = 0;
  let count = 0;
  let previous = 0;
  for (let step = 0; step < steps; step++) {
    const row = probabilities.subarray(step * classes, (step + 1) * classes);
    let best = 0;
    for (let i = 1; i < classes; i++) if ((row[i] as number) > (row[best] as number)) best = i;
    if (best !== 0 && best !== previous) {
      text += characters[best] ?? '';
      sum += row[best] as number;
      count++;
    }
    previous = best;
  }
  return {text, confidence: count ? sum / count : 0};
}
