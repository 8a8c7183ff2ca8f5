/** Looks at the files that a client or a server of the user's needs: packages, programs, certificates. Nothing is run. */
import { X509Certificate } from 'node:crypto';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { quote } from './problem.ts';
import type { Parsed } from './units.ts';

/** What a scenario asks of the file system beside traces. Paths are absolute. */
export interface SetupFiles {
  /** The version of a package below `modules`, or of connbench's own where that is null. */
  readonly packageVersion: (modules: string | null, name: string) => Parsed<string>;
  /** Why a path is no program; null where it is one. */
  readonly programProblem: (path: string) => string | null;
  /** Why a path is no file of certificates; null where it is one. */
  readonly certificatesProblem: (path: string) => string | null;
}

const mostBytes = 1e6;

export const setupFiles: SetupFiles = { packageVersion, programProblem, certificatesProblem };

/**
 * The folder of a package: in `node_modules` of `modules` and nowhere above it, so that no other version is taken by mistake; else where
 * connbench finds its own. Null where there is none.
 */
export function packageFolder(modules: string | null, name: string): string | null {
  const roots =
    modules === null ? (createRequire(import.meta.url).resolve.paths(name) ?? []) : [join(modules, 'node_modules')];
  return roots.map((root) => join(root, name)).find((folder) => isThere(join(folder, 'package.json'))) ?? null;
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function packageVersion(modules: string | null, name: string): Parsed<string> {
  try {
    if (modules !== null && statSync(modules, { throwIfNoEntry: false })?.isDirectory() !== true) {
      return { ok: false, message: 'is not a folder' };
    }
    const folder = packageFolder(modules, name);
    if (folder === null) return { ok: false, message: `has no node_modules/${name}` };
    const text = readShort(join(folder, 'package.json'));
    const version = (JSON.parse(text) as { readonly version?: unknown } | null)?.version;
    if (typeof version === 'string') return { ok: true, value: version };
    return { ok: false, message: `has a package ${name} without a version` };
  } catch (error) {
    return { ok: false, message: `has a package ${name} that cannot be read: ${reason(error)}` };
  }
}

function programProblem(path: string): string | null {
  try {
    if (!statSync(path).isFile()) return 'is not a file';
    accessSync(path, constants.X_OK);
    return null;
  } catch (error) {
    return reason(error);
  }
}

function certificatesProblem(path: string): string | null {
  try {
    if (!statSync(path).isFile()) return 'is not a file';
    new X509Certificate(readShort(path)).toString();
    return null;
  } catch (error) {
    const isAbsent = error instanceof Error && 'syscall' in error;
    return isAbsent ? reason(error) : 'holds no certificate in PEM form';
  }
}

function readShort(path: string): string {
  if (statSync(path).size > mostBytes) throw new Error(`is larger than ${mostBytes} bytes`);
  return readFileSync(path, 'utf8');
}

/** In words that a problem of a file is continued with. */
function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'is not there';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read or executed';
  return `cannot be used: ${quote(error instanceof Error ? error.message : error)}`;
}
