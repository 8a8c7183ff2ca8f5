/** `connbench doctor`: its findings for good and bad machines, how they read, and its exit codes. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { renderReport } from '../../src/cli/doctor-command.ts';
import {
  congestionFinding,
  nodeFinding,
  openFilesFinding,
  portsFinding,
  type MachineReport,
} from '../../src/cli/machine-checks.ts';
import { painter } from '../../src/report/paint.ts';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

function doctor(launcher: readonly string[], ...options: readonly string[]): { code: number | null; stdout: string } {
  const [first = '', ...rest] = [...launcher, process.execPath, program, 'doctor', ...options];
  const { status, stdout } = spawnSync(first, rest, { encoding: 'utf8' });
  return { code: status, stdout };
}

describe('findings', () => {
  test.each([
    ['20.18.0', true],
    ['20.17.9', false],
    ['18.20.0', false],
    ['22.0.0', true],
  ])('Node.js %s where 20.18 is needed', (version, ok) => {
    expect(nodeFinding(version, '20.18').ok).toBe(ok);
  });

  test.each([
    [{ soft: 1024, hard: 4096 }, false],
    [{ soft: 4096, hard: 'unlimited' }, true],
    [{ soft: 'unlimited', hard: 'unlimited' }, true],
    [null, true],
  ] as const)('an open-file limit of %j', (limit, ok) => {
    expect(openFilesFinding(limit).ok).toBe(ok);
  });

  test.each([
    ['32768 60999', true, '28232 (32768 to 60999)'],
    ['40000 40099', false, '100 (40000 to 40099)'],
    [null, true, 'the range cannot be read here'],
  ])('ephemeral ports %s', (range, ok, found) => {
    expect(portsFinding(range)).toMatchObject({ ok, found });
  });

  test.each([
    ['reno cubic', true],
    ['reno bbr', false],
    [null, true],
  ])('congestion controls %s', (available, ok) => {
    expect(congestionFinding('bbr', available).ok).toBe(ok);
  });
});

test('each no stands with its way out', () => {
  const report: MachineReport = {
    host: true,
    lab: false,
    findings: [
      { id: 'a', name: 'something', ok: true, found: 'here', obstacles: [] },
      {
        id: 'b',
        name: 'more',
        ok: false,
        found: 'no',
        obstacles: [
          { what: 'It is missing.', fix: 'Get it somewhere, as root: get --it' },
          { what: 'And that.', fix: 'Wait' },
        ],
      },
    ],
  };
  expect(renderReport(report, 40, painter(false))).toBe(
    [
      'yes  something  here',
      'no   more       no',
      '                It is missing.',
      '                  Fix: Get it somewhere,',
      '                       as root: get --it',
      '                And that.',
      '                  Fix: Wait',
      '',
      'Trials run in host mode: client and',
      'server on 127.0.0.1, no round-trip time.',
      'A lab needs what is named above.',
    ].join('\n'),
  );
});

describe('the command', () => {
  test('exits 0 where trials can run, and prints the same for programs', () => {
    const text = doctor([]);
    const json = doctor([], '--json');
    expect([text.code, json.code]).toEqual([0, 0]);
    const { host, findings } = JSON.parse(json.stdout) as MachineReport;
    expect(host).toBe(true);
    expect(findings.map(({ id }) => id)).toEqual([
      'node',
      'loopback',
      'native-sockets',
      'lab',
      'open-files',
      'ephemeral-ports',
      'processors',
      'congestion-control',
      'time-wait',
      'load-generators',
    ]);
    for (const { name, ok } of findings)
      expect(text.stdout).toMatch(new RegExp(`^${ok ? 'yes' : 'no '}  ${name} `, 'm'));
  });

  const withoutLoopback = process.getuid?.() === 0 ? ['unshare', '--net'] : ['unshare', '--user', '--net'];
  const canUnshare = spawnSync(withoutLoopback[0]!, [...withoutLoopback.slice(1), 'true']).status === 0;
  test.skipIf(!canUnshare)('exits 2 where nothing can run: a host whose loopback is down', () => {
    const { code, stdout } = doctor(withoutLoopback);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^no {3}host mode/m);
    expect(stdout).toContain('Fix: Bring loopback up as root: ip link set lo up');
    expect(stdout).toContain('Nothing can be measured here until the first two are fixed.');
  });
});
