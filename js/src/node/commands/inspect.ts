// `webinfer inspect`: what a model needs and gives.
import {parseArgs} from 'node:util';
import {InferenceSession} from '../../node.js';
import {type Command, UsageError} from './command.js';

export const command: Command = {
  usage: 'Usage: webinfer inspect MODEL',
  async run(args) {
    const {positionals} = parseArgs({args, allowPositionals: true});
    const [model, ...rest] = positionals;
    if (model === undefined || rest.length) throw new UsageError('expected one model');
    const session = await InferenceSession.create(model);
    console.log(
      JSON.stringify({inputs: session.inputMetadata, outputs: session.outputMetadata, model: session.model}, null, 2),
    );
    await session.release();
  },
};
