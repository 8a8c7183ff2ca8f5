/** Packages of clients: found where the trial says, loaded, their version compared. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ClientSetup } from '../scenario/config.ts';
import { UserError } from '../scenario/user-error.ts';

export interface ClientPackage {
  readonly version: string;
  /** What `require` gives. */
  readonly loaded: unknown;
}

/** Throws a UserError where there is no such package, or not in the version that was asked for. */
export function loadClientPackage(name: string, { modules, version: wanted }: ClientSetup = {}): ClientPackage {
  const from = createRequire(modules === undefined ? import.meta.url : join(modules, 'noop.js'));
  const { version } = requireFrom(from, `${name}/package.json`, name, modules) as { readonly version: string };
  if (wanted !== undefined && wanted !== version) {
    const message = `${name} ${wanted} was asked for, and ${modules ?? 'connbench'} has ${version}.`;
    throw new UserError('CLIENT_VERSION', message, installHint(name, wanted));
  }
  return { version, loaded: requireFrom(from, name, name, modules) };
}

function requireFrom(from: NodeJS.Require, path: string, name: string, modules: string | undefined): unknown {
  try {
    return from(path) as unknown;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    const where = modules === undefined ? 'with connbench' : `from ${modules}`;
    throw new UserError(
      'CLIENT_NOT_FOUND',
      `There is no package ${name} to be found ${where}.`,
      installHint(name, 'VERSION'),
    );
  }
}

function installHint(name: string, version: string): string {
  return `Install it in a folder (npm install ${name}@${version}) and name that folder in client.modules.`;
}
