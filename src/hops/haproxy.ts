/** Starts HAProxy as a hop, where it is installed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { nowNs } from '../kernel/clock.ts';
import { fileLimit } from '../kernel/file-limit.ts';
import { loadNative } from '../kernel/native.ts';
import type { ProxyHopConfig } from '../scenario/hop-config.ts';
import { haproxyConfig, haproxySettings } from './haproxy-config.ts';
import { readHaproxyStats, type HaproxyCounts } from './haproxy-stats.ts';
import { HopError, type HopHandle, type PartialHopReport, type StartHopOptions } from './hop-handle.ts';
import { ask, findInstalled, unusedPort } from './installed-program.ts';
import { startProgram } from './program-hop.ts';

const whyNull = 'HAProxy does not tell how it answered, nor which connections to the next program were established';

/** Rejects with a HopError: ENOTINSTALLED, EREFUSED where HAProxy refuses its configuration, and those of `startProgram`. */
export async function startHaproxy(config: ProxyHopConfig, options: StartHopOptions): Promise<HopHandle> {
  const { host, upstream, launcher = [] } = options;
  const path = findInstalled('haproxy');
  const [version = ''] = (await ask([path, '-v'])).split('\n');
  const port = options.port === undefined || options.port === 0 ? await unusedPort(host) : options.port;
  const folder = await mkdtemp(join(tmpdir(), 'connbench-haproxy-'));
  const file = join(folder, 'haproxy.cfg');
  const statsSocket = join(folder, 'stats.sock');
  const text = haproxyConfig(config, {
    host,
    port,
    upstream,
    statsSocket,
    files: loadNative().ok ? fileLimit() : null,
  });
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
        counts: async () => report(await askCounts(statsSocket)),
        open: async () => (await askCounts(statsSocket)).open,
        lastCounts: (before) => Promise.resolve(before),
      },
      options,
    );
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function report({ accepted, received, tried, retries }: HaproxyCounts): PartialHopReport {
  return { atNs: nowNs(), accepted, received, tried, statuses: null, failed: null, retries };
}

/** Asks over the socket for statistics, which answers one question and closes. */
async function askCounts(path: string): Promise<HaproxyCounts> {
  let text;
  try {
    const socket = connect(path);
    socket.write('show stat\n');
    text = await textOf(socket);
  } catch (error) {
    throw new HopError('ESTATUS', `HAProxy does not say how it is: ${String(error)}`);
  }
  const counts = readHaproxyStats(text);
  if (counts === null) throw new HopError('ESTATUS', `HAProxy says of itself: ${text}`);
  return counts;
}
