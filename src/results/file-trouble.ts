/** Turns the system's errors about result files into sentences with a way out. */
import { UserError } from '../scenario/user-error.ts';

interface Trouble {
  readonly code: string;
  readonly problem: string;
  readonly hint: string;
}

const full: Trouble = {
  code: 'RESULTS_DISK_FULL',
  problem: 'there is no space left',
  hint: 'Free space or choose another directory with --out, then go on with --resume.',
};
const forbidden: Trouble = {
  code: 'RESULTS_NOT_PERMITTED',
  problem: 'permission denied',
  hint: 'Choose another directory with --out, or change its permissions.',
};

const troubles: Readonly<Record<string, Trouble>> = {
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: { ...full, problem: 'the file would be larger than allowed here (ulimit -f)' },
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: { ...forbidden, problem: 'the file system is read-only' },
  ENOENT: { code: 'RESULTS_NOT_FOUND', problem: 'there is no such file', hint: 'Look at the path.' },
  ENOTDIR: { code: 'RESULTS_NOT_FOUND', problem: 'part of the path is not a directory', hint: 'Look at the path.' },
  EISDIR: { code: 'RESULTS_NOT_FOUND', problem: 'it is a directory', hint: 'Give the path of a result file.' },
  EEXIST: { code: 'RESULTS_EXIST', problem: 'it exists already', hint: 'Choose another directory with --out.' },
  ENAMETOOLONG: { code: 'RESULTS_NOT_FOUND', problem: 'the path is too long', hint: 'Choose a shorter path.' },
};

/** A `UserError` for an errno error; anything else, such as a bug, is handed back as it is. */
export function fileTrouble(error: unknown, path: string, verb: 'read' | 'write'): unknown {
  if (!(error instanceof Error) || error instanceof UserError || !('syscall' in error)) return error;
  const errno = 'code' in error ? String(error.code) : 'unknown error';
  const { code, problem, hint } = troubles[errno] ?? {
    code: 'RESULTS_IO',
    problem: errno,
    hint: 'Look at the disk and the path.',
  };
  return new UserError(code, `cannot ${verb} ${path}: ${problem}`, hint);
}
