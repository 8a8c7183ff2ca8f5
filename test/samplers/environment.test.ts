import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseOpenFilesLimit, parseOsRelease, readEnvironment } from '../../src/samplers/environment.ts';

describe('parseOpenFilesLimit', () => {
  const header = 'Limit                     Soft Limit           Hard Limit           Units     \n';
  it.each([
    [
      'numbers',
      `${header}Max open files            1024                 524288               files     \n`,
      { soft: 1024, hard: 524288 },
    ],
    [
      'unlimited',
      'Max open files            1024                 unlimited            files\n',
      { soft: 1024, hard: 'unlimited' },
    ],
    ['no such line', header, null],
    ['nothing', '', null],
  ])('%s', (_name, text, limit) => {
    expect(parseOpenFilesLimit(text)).toEqual(limit);
  });
});

describe('parseOsRelease', () => {
  it.each([
    ['double quotes', 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n', 'Debian GNU/Linux 12 (bookworm)'],
    ['single quotes', "PRETTY_NAME='Void'\n", 'Void'],
    ['no quotes', 'PRETTY_NAME=Void\n', 'Void'],
    ['no name', 'ID=void\n', null],
  ])('%s', (_name, text, name) => {
    expect(parseOsRelease(text)).toBe(name);
  });
});

describe('readEnvironment', () => {
  const environment = readEnvironment();

  it('names the runtime and the libraries as they are installed', () => {
    expect(environment.runtime).toMatchObject({ node: process.versions.node, v8: process.versions.v8 });
    expect(environment.runtime.undici).toMatch(/^\d+\.\d+\.\d+/);
    for (const name of ['koffi', 'piscina', 'hdr-histogram-js']) {
      const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
      const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
      expect(environment.libraries[name]).toBe(version);
    }
  });

  it('survives JSON unchanged', () => {
    expect(JSON.parse(JSON.stringify(environment))).toEqual(environment);
  });

  it.skipIf(process.platform !== 'linux')('reads the settings of the kernel (Linux)', () => {
    expect(environment.sysctls['net.ipv4.ip_local_port_range']).toMatch(/^\d+ \d+$/);
    expect(environment.congestionControl).toBe(
      readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim(),
    );
    expect(environment.openFilesLimit?.soft).not.toBe(0);
    expect(environment.openFilesLimit).not.toBeNull();
  });
});
