/** The authority reaches the process of a client that reads it from a file, and no file of it is left anywhere. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { clientNamed } from '../../src/clients/registry.ts';
import { authorityFile } from '../../src/generator/authority-file.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the file of the authority', () => {
  it('can be read in the process of fetch, again and again, and has no name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'authority-test-'));
    vi.stubEnv('TMPDIR', folder);
    const { environment, descriptors, close } = await authorityFile(clientNamed('fetch'), 'PEM');
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
    expect(Object.keys(environment)).toEqual(['NODE_EXTRA_CA_CERTS']);
    const command = 'cat "$NODE_EXTRA_CA_CERTS" "$NODE_EXTRA_CA_CERTS"';
    const { stdout } = spawnSync('sh', ['-c', command], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'ignore', 'ignore', ...descriptors],
    });
    expect(stdout.toString()).toBe('PEMPEM');
    close();
  });

  it('is not there for a client that takes it as text, nor without TLS', async () => {
    expect((await authorityFile(clientNamed('undici'), 'PEM')).environment).toEqual({});
    expect((await authorityFile(clientNamed('fetch'), undefined)).environment).toEqual({});
  });
});
