import { execFileSync } from 'node:child_process';
import { chmodSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { openTun, tunPath } from '../../src/kernel/tun.ts';

const program = `
  const { openTun } = await import(process.argv[1]);
  const opened = [openTun('cbt%d'), openTun('cbt%d')];
  process.stdout.write(JSON.stringify(opened));
`;
const built = fileURLToPath(new URL('../../dist/kernel/tun.js', import.meta.url));

/** Opens two devices behind a launcher; the devices end with the process. */
function opened(launcher: readonly string[]): unknown {
  const [command, ...args] = [...launcher, process.execPath, '--input-type=module', '-e', program, built];
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8' }));
}

const isRoot = process.getuid?.() === 0;
if (!isRoot) {
  if ((process.env['CI'] ?? '') !== '') throw new Error('the tests of TUN devices need root under CI');
  process.stderr.write('SKIPPED: the tests of TUN devices need root\n');
}

/** May read every file, because the checkout may be in a closed folder; has no other right. */
const nobody = [
  ...['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
  ...['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'],
];

describe.skipIf(!isRoot)('openTun', () => {
  const mode = isRoot ? statSync(tunPath).mode & 0o7777 : 0;
  afterEach(() => {
    chmodSync(tunPath, mode);
  });

  it('makes devices and gives the names that the kernel chose', () => {
    expect(opened(['unshare', '-n'])).toEqual([
      { ok: true, device: { fd: expect.any(Number) as unknown, name: 'cbt0' } },
      { ok: true, device: { fd: expect.any(Number) as unknown, name: 'cbt1' } },
    ]);
  });

  it('says that the device may not be opened', () => {
    chmodSync(tunPath, 0o600);
    const message =
      '/dev/net/tun cannot be opened: EACCES, this user may not open it (chmod 0666 /dev/net/tun, the usual default, or run as root).';
    expect(opened(nobody)).toEqual(Array(2).fill({ ok: false, code: 'EACCES', message }));
  });

  it('says that a right is missing', () => {
    chmodSync(tunPath, 0o666);
    const refused: unknown = { ok: false, code: 'EPERM', message: expect.stringContaining('CAP_NET_ADMIN') as unknown };
    expect(opened(nobody)).toEqual([refused, refused]);
  });
});

describe('openTun', () => {
  it.each(['', 'sixteen-letters!'])('refuses the name "%s"', (name) => {
    expect(() => openTun(name)).toThrow(RangeError);
  });
});
