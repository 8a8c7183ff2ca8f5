/** Runs a program that sends the load by itself, so that it never outlives the thread that started it, and hands on its lines. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { diesWithParent, guardGroup, works } from '../kernel/end-with-parent.ts';

export interface Program {
  /** Program and arguments. */
  readonly words: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** A descriptor for its standard input; null: none. */
  readonly stdin: number | null;
  /** Each line of its standard output, as it comes. */
  readonly onLine: (line: string) => void;
  /** Looked at ten times a second: true ends the program by SIGKILL. */
  readonly isStopped: () => boolean;
}

/** The program did not end in order: `code` is PROGRAM_FAILED, or PROGRAM_STOPPED where it was asked to stop. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  readonly code: 'PROGRAM_FAILED' | 'PROGRAM_STOPPED';

  constructor(code: ProgramError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const stopCheckMs = 100;
const stderrBytes = 2048;

let prefix: Promise<readonly string[]> | undefined;

/** The command in front of a program that ends it with this thread; empty where setpriv (util-linux) is missing: then a guard does it. */
export function findPrefix(): Promise<readonly string[]> {
  prefix ??= works([...diesWithParent, 'true']).then((isThere) => (isThere ? diesWithParent : []));
  return prefix;
}

/** Resolves when it has exited with 0 and said its last. Rejects with a ProgramError; then no process is left. */
export async function runProgram(
  { words, env, stdin, onLine, isStopped }: Program,
  before: readonly string[],
): Promise<void> {
  const [program = '', ...args] = [...before, ...words];
  // A process group of its own: Ctrl-C stays with the controller.
  const child = spawn(program, args, { env, detached: true, stdio: [stdin ?? 'ignore', 'pipe', 'pipe'] });
  const { pid } = child;
  const endGuard = before.length > 0 || pid === undefined ? () => Promise.resolve() : guardGroup(pid);
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-stderrBytes);
  });
  const stdout = new LineReader(onLine);
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout.add(text);
  });
  const watch = setInterval(() => {
    if (isStopped()) child.kill('SIGKILL');
  }, stopCheckMs);
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    stdout.end();
    if (code === 0) return;
    if (isStopped()) throw new ProgramError('PROGRAM_STOPPED', 'the program was stopped before it said its figures');
    const how = signal === null ? `exited with code ${code ?? -1}` : `was ended by ${signal}`;
    throw new ProgramError('PROGRAM_FAILED', `${words.join(' ')} ${how}. Its last words: ${lastWords.trim()}`);
  } finally {
    clearInterval(watch);
    await endGuard();
  }
}

/** Cuts what comes in pieces into lines. */
class LineReader {
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line);
  }

  end(): void {
    if (this.#rest !== '') this.#onLine(this.#rest);
    this.#rest = '';
  }
}
