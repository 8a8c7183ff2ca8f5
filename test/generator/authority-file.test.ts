/** The file with the authority exists as long as a process may need it, and only for clients that do. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { clientNamed } from '../../src/clients/registry.ts';
import { authorityFile } from '../../src/generator/authority-file.ts';

describe('the file of the authority', () => {
  it('is in the environment of fetch, and goes with the process', async () => {
    const { environment, remove } = await authorityFile(clientNamed('fetch'), 'PEM');
    const file = environment['NODE_EXTRA_CA_CERTS']!;
    expect([Object.keys(environment), readFileSync(file, 'utf8')]).toEqual([['NODE_EXTRA_CA_CERTS'], 'PEM']);
    await remove();
    expect(existsSync(file)).toBe(false);
    await remove();
  });

  it('is not there for a client that takes it as text, nor without TLS', async () => {
    expect((await authorityFile(clientNamed('undici'), 'PEM')).environment).toEqual({});
    expect((await authorityFile(clientNamed('fetch'), undefined)).environment).toEqual({});
  });
});
