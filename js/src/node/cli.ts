#!/usr/bin/env node
// `npx webinfer COMMAND …`: finds the command and says in words what went wrong. Each command is a file of commands/, loaded when
// it is asked for. The exit code is 0, 1 after a failure, 2 if the command line is wrong.
import {type Command, UsageError} from './commands/command.js';

const COMMANDS: Record<string, {summary: string; load(): Promise<{command: Command}>}> = {
  build: {
    summary: 'make a smaller package for the models that you have',
    load: () => import('./commands/build.js'),
  },
  convert: {
    summary: 'write a model as ONNX again, also optimised',
    load: () => import('./commands/convert.js'),
  },
  inspect: {
    summary: 'print what a model is, needs and gives, and what is missing to run it',
    load: () => import('./commands/inspect.js'),
  },
};

function help(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, {summary}]) => `  ${name.padEnd(width)}  ${summary}`);
  return ['Usage: webinfer COMMAND …', '', ...lines, '', '`webinfer COMMAND --help` says more.'].join('\n');
}

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(help());
    return name === undefined ? 2 : 0;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!entry) {
    console.error(`webinfer: there is no command "${name}"\n\n${help()}`);
    return 2;
  }
  const {command} = await entry.load();
  if (args.includes('--help') || args.includes('-h')) {
    console.log(command.usage);
    return 0;
  }
  try {
    await command.run(args);
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError || (error as {code?: string}).code?.startsWith('ERR_PARSE_ARGS');
    console.error(`webinfer ${name}: ${error instanceof Error ? error.message : error}`);
    if (isUsage) console.error(`\n${command.usage}`);
    return isUsage ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
