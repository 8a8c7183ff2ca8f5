/** The client of a filled configuration -> its name, and what a trial needs to know of it beside the strategy. */
import { resolve } from 'node:path';
import { passedOn } from './clients/options.ts';
import { clientTables } from './clients/tables.ts';
import type { ClientSetup, TrialConfig } from './config.ts';
import { clientDetails, type FilledClient } from './fill-strategy.ts';

/** `folder` is what relative paths are relative to. Options that are knobs by another name are in the strategy already. */
export function resolveClient(client: FilledClient, folder: string): Pick<TrialConfig, 'client' | 'clientSetup'> {
  const { name, version, modules, runtime, options = {} } = clientDetails(client);
  const own = passedOn(clientTables[name], options);
  const clientSetup: ClientSetup = {
    ...(version === undefined ? {} : { version }),
    ...(modules === undefined ? {} : { modules: resolve(folder, modules) }),
    ...(runtime === undefined ? {} : { runtime: resolve(folder, runtime) }),
    ...(Object.keys(own).length === 0 ? {} : { options: own }),
  };
  return Object.keys(clientSetup).length === 0 ? { client: name } : { client: name, clientSetup };
}
