/** Another Node that runs the generator: what it is is asked before anything is run by it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { quote } from '../scenario/problem.ts';
import { UserError } from '../scenario/user-error.ts';

/** The oldest that runs connbench (package.json, engines). */
const oldestMajor = 20;
const answerMs = 10_000;

const question = 'JSON.stringify({ version: process.version, versions: process.versions })';

interface Answer {
  readonly version: string;
  readonly versions: Readonly<Record<string, string | undefined>>;
}

/**
 * The version of the Node at an absolute path, such as `v22.1.0`. Rejects with a UserError where the file cannot be run, is not Node, or is
 * too old to run connbench.
 */
export async function askRuntime(path: string): Promise<string> {
  const name = `client.runtime ${quote(path)}`;
  const answer = await answerOf(path, name);
  if (answer === null)
    throw new UserError('RUNTIME_NOT_NODE', `${name} is not Node: it does not answer as Node does.`, hint);
  const { version, versions } = answer;
  const other = ['bun', 'deno'].find((kind) => versions[kind] !== undefined);
  if (other !== undefined) throw new UserError('RUNTIME_NOT_NODE', `${name} is ${other}, not Node.`, hint);
  const major = Number(/^v(\d+)\./.exec(version)?.[1] ?? NaN);
  if (!(major >= oldestMajor)) {
    const message = `${name} is Node ${version}, and connbench needs ${oldestMajor} or later.`;
    throw new UserError('RUNTIME_TOO_OLD', message, hint);
  }
  return version;
}

const hint = `Name the binary of a Node, ${oldestMajor} or later, such as ~/.nvm/versions/node/v22.12.0/bin/node.`;

/** Null where it ran and said something else. */
async function answerOf(path: string, name: string): Promise<Answer | null> {
  try {
    const { stdout } = await promisify(execFile)(path, ['-p', question], { timeout: answerMs, killSignal: 'SIGKILL' });
    return parsed(stdout);
  } catch (error) {
    const { code, message, killed } = error as NodeJS.ErrnoException & { readonly killed?: boolean };
    if (typeof code === 'string') {
      throw new UserError('RUNTIME_NOT_STARTED', `${name} cannot be run: ${message}.`, hint);
    }
    if (killed === true) throw new UserError('RUNTIME_NOT_NODE', `${name} gave no answer within ${answerMs} ms.`, hint);
    return null;
  }
}

function parsed(text: string): Answer | null {
  try {
    const answer = JSON.parse(text) as Partial<Answer> | null;
    if (typeof answer?.version !== 'string' || typeof answer.versions !== 'object') return null;
    return { version: answer.version, versions: answer.versions };
  } catch {
    return null;
  }
}
