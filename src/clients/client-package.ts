/** Packages of clients: found where the trial says, loaded, their version compared. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ClientSetup } from '../scenario/config.ts';
import { packageFolder } from '../scenario/setup-files.ts';
import { UserError } from '../scenario/user-error.ts';

export interface FoundPackage {
  readonly version: string;
  /** Absolute folder of the package. */
  readonly folder: string;
  /** Its package.json. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

export interface ClientPackage {
  readonly version: string;
  /** What `require` gives. */
  readonly loaded: unknown;
}

/** Throws a UserError where there is no such package, or not in the version that was asked for. Runs nothing of it. */
export function findClientPackage(name: string, { modules, version: wanted }: ClientSetup = {}): FoundPackage {
  const folder = packageFolder(modules ?? null, name);
  if (folder === null) {
    const where = modules === undefined ? 'with connbench' : `in ${join(modules, 'node_modules')}`;
    const message = `There is no package ${name} to be found ${where}.`;
    throw new UserError('CLIENT_NOT_FOUND', message, installHint(name, wanted ?? 'VERSION'));
  }
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as FoundPackage['manifest'];
  const version = String(manifest['version']);
  if (wanted !== undefined && wanted !== version) {
    const message = `${name} ${wanted} was asked for, and ${modules ?? 'connbench'} has ${version}.`;
    throw new UserError('CLIENT_VERSION', message, installHint(name, wanted));
  }
  return { version, folder, manifest };
}

/** Throws as `findClientPackage`, and a UserError where the package cannot be loaded by this Node. */
export function loadClientPackage(name: string, setup: ClientSetup = {}): ClientPackage {
  const { version } = findClientPackage(name, setup);
  const { modules } = setup;
  const from = createRequire(modules === undefined ? import.meta.url : join(modules, 'noop.js'));
  try {
    return { version, loaded: from(name) as unknown };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    const message = `${name} ${version} cannot be loaded by Node ${process.version}: ${reason ?? ''}`;
    throw new UserError(
      'CLIENT_NOT_LOADED',
      message,
      'See which versions of Node it supports, and name one in client.runtime.',
    );
  }
}

function installHint(name: string, version: string): string {
  return `Install it in a folder (npm install --prefix FOLDER ${name}@${version}) and name that folder in client.modules.`;
}
