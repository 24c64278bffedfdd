// What a command of `npx webinfer` is.

export interface Command {
  /** How it is called, and its options; what --help prints. */
  readonly usage: string;
  /** Does it. Rejects with what went wrong, with a UsageError if that is the command line. */
  run(args: string[]): Promise<void>;
}

export class UsageError extends Error {}
