/** Starts nginx as a hop, where it is installed. */
import { get } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nowNs } from '../kernel/clock.ts';
import type { ProxyHopConfig } from '../scenario/hop-config.ts';
import { HopError, type HopHandle, type PartialHopReport, type StartHopOptions } from './hop-handle.ts';
import { ask, findInstalled, unusedPort } from './installed-program.ts';
import { nginxConfig, readNginxBuild, readNginxSettings } from './nginx-config.ts';
import { readNginxLog } from './nginx-log.ts';
import { startProgram } from './program-hop.ts';

const whyNull = 'nginx tells nothing of its connections to the next program, and of its requests only at its end';

/** Rejects with a HopError: ENOTINSTALLED, EREFUSED where nginx refuses its configuration, and those of `startProgram`. */
export async function startNginx(config: ProxyHopConfig, options: StartHopOptions): Promise<HopHandle> {
  const { host, upstream, launcher = [] } = options;
  const path = findInstalled('nginx');
  const build = readNginxBuild(await ask([path, '-V']));
  const port = options.port === undefined || options.port === 0 ? await unusedPort(host) : options.port;
  const folder = await mkdtemp(join(tmpdir(), 'connbench-nginx-'));
  const file = join(folder, 'nginx.conf');
  const words = [path, '-p', folder, '-c', file, '-e', 'stderr'];
  try {
    await writeFile(file, nginxConfig(config, { host, port, upstream, folder }, build));
    const printed = await ask([...launcher, ...words, '-T']);
    const status = build.hasStatus ? new StatusReader(join(folder, 'status.sock')) : null;
    return await startProgram(
      {
        kind: 'nginx',
        words,
        port,
        folder,
        settings: readNginxSettings(printed.slice(printed.indexOf('# configuration file')), build.version),
        whyNull,
        counts: async () => (status === null ? null : statusReport((await status.read()).accepted)),
        open: async () => (status === null ? 0 : (await status.read()).active),
        lastCounts: async (before) => ({
          atNs: nowNs(),
          accepted: before?.accepted ?? null,
          ...(await readNginxLog(join(folder, 'access.log'))),
        }),
      },
      options,
    );
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function statusReport(accepted: number): PartialHopReport {
  return { atNs: nowNs(), accepted, received: null, tried: null, statuses: null, failed: null, retries: null };
}

/** Asks `stub_status` over a socket of its own. nginx counts the questions, too, and they are taken off. */
class StatusReader {
  readonly #socketPath: string;
  #asked = 0;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Connections accepted from clients so far, and those of them that are open. */
  async read(): Promise<{ readonly accepted: number; readonly active: number }> {
    const text = await this.#ask();
    this.#asked++;
    const accepts = /^server accepts handled requests\s+(\d+)/m.exec(text)?.[1];
    const active = /^Active connections: (\d+)/m.exec(text)?.[1];
    if (accepts === undefined || active === undefined) throw new HopError('ESTATUS', `nginx says of itself: ${text}`);
    return { accepted: Number(accepts) - this.#asked, active: Number(active) - 1 };
  }

  #ask(): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = get({ socketPath: this.#socketPath, path: '/', agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => {
          resolve(text);
        });
      });
      request.on('error', (error) => {
        reject(new HopError('ESTATUS', `nginx does not say how it is: ${error.message}`));
      });
    });
  }
}
