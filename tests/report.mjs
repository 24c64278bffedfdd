// A test runner of one page for suites that drive whole programs: browsers, packages, models. It prints a line per test and,
// last, `N passed, N failed, N skipped`, which script/test sums.

/** Thrown by a test that cannot run here; the message says what is missing. */
export class Skip extends Error {}

export class Report {
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  /** Runs `body`, which fails by throwing; what it returns is printed beside the name. */
  async test(name, body) {
    const started = performance.now();
    try {
      const note = await body();
      this.#passed++;
      console.log(`ok   ${name} (${Math.round(performance.now() - started)} ms)${note ? `: ${note}` : ''}`);
    } catch (error) {
      if (error instanceof Skip) {
        this.#skipped++;
        console.log(`skip ${name}: ${error.message}`);
      } else {
        this.#failed++;
        console.log(`FAIL ${name}: ${error.stack ?? error}`);
      }
    }
  }

  /** Prints the counts and ends the process. */
  finish() {
    console.log(`${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped`);
    process.exit(this.#failed ? 1 : 0);
  }
}

export function assert(condition, message) {
  if (!condition) throw new Error(message);
}

export function assertEqual(actual, expected, what) {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== e) throw new Error(`${what}: expected ${e}, found ${a}`);
}
