/** Starts HAProxy as a hop, where it is installed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProxyHopConfig } from '../scenario/hop-config.ts';
import { haproxyConfig, haproxySettings } from './haproxy-config.ts';
import type { HopHandle, StartHopOptions } from './hop-handle.ts';
import { ask, findInstalled, unusedPort } from './installed-program.ts';
import { startProgram } from './program-hop.ts';

const whyNull = 'HAProxy is not asked for its counts';

/** Rejects with a HopError: ENOTINSTALLED, EREFUSED where HAProxy refuses its configuration, and those of `startProgram`. */
export async function startHaproxy(config: ProxyHopConfig, options: StartHopOptions): Promise<HopHandle> {
  const { host, upstream, launcher = [] } = options;
  const path = findInstalled('haproxy');
  const [version = ''] = (await ask([path, '-v'])).split('\n');
  const port = options.port === undefined || options.port === 0 ? await unusedPort(host) : options.port;
  const folder = await mkdtemp(join(tmpdir(), 'connbench-haproxy-'));
  const file = join(folder, 'haproxy.cfg');
  const text = haproxyConfig(config, { host, port }, upstream);
  try {
    await writeFile(file, text);
    await ask([...launcher, path, '-c', '-f', file]);
    return await startProgram(
      {
        kind: 'haproxy',
        words: [path, '-db', '-f', file],
        port,
        folder,
        settings: haproxySettings(config, version, text),
        whyNull,
        counts: () => Promise.resolve(null),
        drain: () => Promise.resolve(),
        lastCounts: () => Promise.resolve(null),
      },
      options,
    );
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
