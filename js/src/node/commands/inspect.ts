// `webinfer inspect`: what a model is, needs and gives, also of one that cannot run.
import {parseArgs} from 'node:util';
import {type InspectedValue, type Inspection, inspect} from '../../node.js';
import {type Command, UsageError} from './command.js';

export const command: Command = {
  usage: `Usage: webinfer inspect MODEL [options]

Prints the model's inputs, outputs and operators, what is missing to run it, and the memory a session of it will take. Reads the
file once, without its weights; nothing runs.

  --shape NAME=1,3,224,224   sizes of an input, for the memory; may be given several times
  --dim NAME=SIZE            size of a symbolic dimension; may be given several times
  --weight-memory KIND       small, balanced (default) or fast
  --json                     as JSON`,
  async run(args) {
    const {values, positionals} = parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: {type: 'boolean', default: false},
        shape: {type: 'string', multiple: true, default: []},
        dim: {type: 'string', multiple: true, default: []},
        'weight-memory': {type: 'string', default: 'balanced'},
      },
    });
    const [model, ...rest] = positionals;
    if (model === undefined || rest.length) throw new UsageError('expected one model');
    const weightMemory = values['weight-memory'];
    if (!isWeightMemory(weightMemory)) throw new UsageError('--weight-memory is small, balanced or fast');
    const shapes = Object.fromEntries(values.shape.map((text) => named(text, '--shape')));
    const dims = values.dim.map((text) => named(text, '--dim'));
    const inspection = await inspect(model, {
      shapes,
      freeDimensionOverrides: Object.fromEntries(dims.map(([name, sizes]) => [name, sizes[0] as number])),
      weightMemory,
    });
    console.log(values.json ? JSON.stringify(inspection, null, 2) : describe(inspection));
  },
};

function isWeightMemory(text: string): text is 'small' | 'balanced' | 'fast' {
  return ['small', 'balanced', 'fast'].includes(text);
}

function named(text: string, option: string): [name: string, sizes: number[]] {
  const at = text.lastIndexOf('=');
  const sizes = text
    .slice(at + 1)
    .split(',')
    .map(Number);
  if (at < 1 || sizes.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    throw new UsageError(`${option} takes NAME=SIZE`);
  }
  return [text.slice(0, at), sizes];
}

function describe(model: Inspection): string {
  const lines: string[] = [];
  const section = (title: string, entries: readonly string[]) => {
    if (entries.length) lines.push(title, ...entries.map((entry) => `  ${entry}`));
  };
  const opsets = Object.entries(model.opsets).map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`);
  section('model', [
    `produced by ${model.producer || 'unknown'}, IR version ${model.irVersion}, ${opsets.join(', ')}`,
    ...(model.description ? [model.description.trim().split('\n')[0] as string] : []),
    ...Object.entries(model.metadata).map(
      ([key, value]) => `${key}: ${value.length > 100 ? `${value.slice(0, 100)}…` : value}`,
    ),
  ]);
  section('inputs', model.inputs.map(describeValue));
  section('outputs', model.outputs.map(describeValue));
  section(
    'operators',
    model.operators.map(
      ({domain, name, count}) => `${String(count).padStart(6)}  ${domain === 'ai.onnx' ? '' : `${domain}.`}${name}`,
    ),
  );
  const weights = Object.entries(model.weights);
  section(
    'weights',
    weights.map(([type, bytes]) => `${megabytes(bytes).padStart(10)}  ${type}`),
  );
  if (model.missing.length) {
    section(
      'missing: this model cannot run',
      model.missing.map(({domain, name, opset, nodes, types, suggestion}) => {
        const inputs = types.length ? `, inputs ${types.map((type) => type || '?').join(', ')}` : '';
        const near = suggestion ? `; the nearest is ${suggestion}` : '';
        return `${domain}.${name} (opset ${opset}${inputs}) at ${nodes.map((node) => `"${node}"`).join(', ')}${near}`;
      }),
    );
  }
  if (model.problem) section('unsupported: this model cannot run', [model.problem]);
  if (model.memory) {
    const {weights: kept, values, loading, total, assumedSize} = model.memory;
    section(`memory of a session, estimated${assumedSize ? ` with ${assumedSize} for each free size` : ''}`, [
      `${megabytes(total).padStart(10)}  in all after the first run`,
      `${megabytes(kept).padStart(10)}  weights as kernels read them`,
      `${megabytes(values).padStart(10)}  values of one run`,
      `${megabytes(loading).padStart(10)}  at most while it is prepared`,
    ]);
  }
  return lines.join('\n');
}

function describeValue({name, kind, type, shape, optional}: InspectedValue): string {
  const sizes = shape ? `[${shape.map((size) => (size === '' ? '?' : size)).join(', ')}]` : '';
  return `${name}: ${kind === 'tensor' ? '' : `${kind} of `}${type}${sizes}${optional ? ', has a default' : ''}`;
}

function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
