/** What stands in the way of a lab is told with its way out. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { labCapability, namespaceObstacles, type LabCapability } from '../../src/lab/capability.ts';
import { findProgram, runProgram } from '../../src/lab/system-programs.ts';
import { openTunToAll, users } from './users.ts';

const module = new URL('../../dist/lab/capability.js', import.meta.url).href;
const ask = `const { labCapability } = await import('${module}'); process.stdout.write(JSON.stringify(await labCapability()));`;

function capabilityOf(launcher: readonly string[], environment: NodeJS.ProcessEnv = {}): LabCapability {
  const [program, ...args] = [...launcher, process.execPath, '--input-type=module', '-e', ask];
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...environment } });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as LabCapability;
}

describe('the settings that forbid user namespaces', () => {
  const allowing: Readonly<Record<string, string>> = {
    '/proc/sys/kernel/unprivileged_userns_clone': '1',
    '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '0',
    '/proc/sys/user/max_user_namespaces': '1000',
    '/proc/sys/user/max_net_namespaces': '1000',
  };

  test.each([
    ['kernel.unprivileged_userns_clone', '0', 'kernel.unprivileged_userns_clone=1'],
    ['kernel.apparmor_restrict_unprivileged_userns', '1', 'kernel.apparmor_restrict_unprivileged_userns=0'],
    ['user.max_user_namespaces', '0', 'user.max_user_namespaces=10000'],
    ['user.max_net_namespaces', '0', 'user.max_net_namespaces=10000'],
  ])('%s = %s', (name, value, assignment) => {
    const settings = { ...allowing, [`/proc/sys/${name.replaceAll('.', '/')}`]: value };
    expect(namespaceObstacles('refused', (path) => settings[path] ?? null)).toEqual([
      {
        what: `Ordinary users may not make namespaces: ${name} is ${value}.`,
        fix: `As root: sysctl -w ${assignment}. Or run as root.`,
      },
    ]);
  });

  test('none of them: the words of unshare', () => {
    const [obstacle, more] = namespaceObstacles('unshare failed: Operation not permitted', () => null);
    expect(more).toBeUndefined();
    expect(obstacle?.what).toBe('Namespaces may not be made here: unshare failed: Operation not permitted.');
  });
});

test('without native calls there is no lab', () => {
  const capability = capabilityOf([], { CONNBENCH_NO_FFI: '1' });
  expect(capability.ok).toBe(false);
  expect(capability.ok ? [] : capability.reasons.map(({ what }) => what)).toContain(
    'Native calls do not work: FFI is switched off by CONNBENCH_NO_FFI=1.',
  );
});

test('the programs are found though PATH does not name their folder', () => {
  expect(findProgram('sh', '')).toMatch(/^\/(usr\/)?bin\/sh$/);
  expect(findProgram('no-such-program')).toBeNull();
  expect(capabilityOf([], { PATH: '/nowhere' }).ok).toBe(capabilityOf([]).ok);
});

describe.skipIf(process.getuid?.() !== 0)('root and an ordinary user', () => {
  const [, nobody] = users;

  test('root makes namespaces at once where it may make any', async () => {
    const capability = await labCapability();
    const mayUnshare = (await runProgram(['unshare', '--net', 'true'], 5000)).ok;
    if (capability.ok) expect(capability.how).toBe(mayUnshare ? 'root' : 'user-namespace');
  });

  test('an ordinary user needs access to the TUN device, and no more', async () => {
    if (!(await labCapability()).ok) return;
    const isOpen = (statSync('/dev/net/tun').mode & 0o006) === 0o006;
    if (!isOpen) {
      expect(capabilityOf(nobody!.launcher)).toMatchObject({
        ok: false,
        reasons: [{ what: '/dev/net/tun may not be opened by this user.' }],
      });
    }
    const restore = openTunToAll();
    try {
      expect(capabilityOf(nobody!.launcher)).toEqual({ ok: true, how: 'user-namespace' });
    } finally {
      restore();
    }
  });
});
