/** What autocannon is told, what is read from it, and that it never outlives whoever started it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { autocannonArguments, countedInAdvance, mostUnderWay, tlsFlag } from '../../src/clients/autocannon-command.ts';
import { figuresOf, parseAutocannonResult } from '../../src/clients/autocannon-result.ts';
import { findPrefix, runProgram, type Program } from '../../src/clients/program-run.ts';
import { isAlive, until } from '../e2e/connbench.ts';
import { closedLoad, openLoad, trialConfig } from './trial-config.ts';

const target = { host: '10.0.0.2', port: 8080 };

describe('the command line', () => {
  it('of a closed load with a warm-up', () => {
    const load = closedLoad({ users: 8, warmUpMs: 2000, durationMs: 5000, workers: 2 });
    const config = trialConfig(load, {
      pool: { size: 4 },
      pipelining: 2,
      timeouts: { connectMs: 9000, responseMs: 9000 },
    });
    expect(autocannonArguments(config, target).join(' ')).toBe(
      '--json --connections 4 --pipelining 2 --duration 5 --timeout 9 --method GET --workers 2 --warmup [ -c 4 -d 2 ] http://10.0.0.2:8080/',
    );
    expect([mostUnderWay(config), countedInAdvance(config), tlsFlag(config.strategy)]).toEqual([8, 0, null]);
  });

  it('of an open load over TLS that closes, with a body and fields', () => {
    const request = { method: 'POST', path: '/a?b', bodyBytes: 3, headers: { 'X-A': 'b=c: d' } } as const;
    const load = { ...openLoad({ ratePerSecond: 100, warmUpMs: 0, durationMs: 1000 }), request };
    const config = trialConfig(load, {
      connection: 'close',
      pool: { size: 4, maxRequests: 7 },
      tls: { version: '1.3', resumption: 'none' },
      timeouts: { connectMs: 1000, responseMs: 1000 },
    });
    expect(autocannonArguments(config, target)).toEqual([
      '--json',
      ...['--connections', '4', '--pipelining', '1', '--duration', '1', '--timeout', '1', '--method', 'POST'],
      ...['--headers', 'X-A=b=c: d', '--headers', 'connection=close', '--input', '/dev/stdin'],
      ...['--overallRate', '100', '--reconnectRate', '7', 'https://10.0.0.2:8080/a?b'],
    ]);
    expect(tlsFlag(config.strategy)).toBe('--tls-min-v1.3');
    // 100 counted for the first second, of which each of the 4 connections writes one at once.
    expect(countedInAdvance(config)).toBe(96);
  });
});

describe('its JSON', () => {
  const run = {
    start: '2026-11-22T10:05:12.707Z',
    finish: '2026-11-22T10:05:13.719Z',
    ...{ errors: 1, timeouts: 1, mismatches: 0, non2xx: 2, resets: 0 },
    statusCodeStats: { '200': { count: 172 }, '404': { count: 2 } },
    latency: {
      average: 10.8,
      mean: 10.8,
      stddev: 1,
      min: 9,
      max: 23,
      p0_001: 9,
      p50: 10,
      p97_5: 15,
      p99_99: 23,
      totalCount: 174,
    },
    requests: { average: 174, total: 174, sent: 176 },
    throughput: { average: 22_104, total: 22_100 },
  };

  it('gives figures by its own names', () => {
    const measure = parseAutocannonResult(JSON.stringify(run))!;
    expect(figuresOf(null, measure)).toEqual({
      response: {
        ...{ count: 174, minMs: 9, maxMs: 23, meanMs: 10.8 },
        percentiles: [
          [0.001, 9],
          [50, 10],
          [97.5, 15],
          [99.99, 23],
        ],
      },
      counts: {
        'requests.sent': 176,
        'requests.total': 174,
        'throughput.total': 22_100,
        ...{ errors: 1, timeouts: 1, mismatches: 0, non2xx: 2, resets: 0 },
      },
    });
    expect(figuresOf(measure, measure).counts).toMatchObject({ 'warmup.requests.sent': 176, errors: 1 });
  });

  it('without an answer has no times', () => {
    const latency = { mean: 0, min: 0, max: 0, p50: 0, totalCount: 0 };
    expect(figuresOf(null, parseAutocannonResult(JSON.stringify({ ...run, latency }))!).response).toBeNull();
  });

  it.each([
    '',
    'Running 1s test',
    '{',
    '{}',
    JSON.stringify({ ...run, errors: -1 }),
    JSON.stringify({ ...run, requests: {} }),
  ])('is not %j', (line) => {
    expect(parseAutocannonResult(line)).toBeNull();
  });
});

describe('a program', () => {
  const program = (code: string, changes: Partial<Program> = {}): Program => ({
    words: [process.execPath, '-e', code],
    env: process.env,
    stdin: null,
    onLine: () => undefined,
    isStopped: () => false,
    ...changes,
  });
  /** With setpriv, and with the guard that stands in for it. */
  const containments = [['setpriv'], ['guard']] as const;
  const prefixOf = async (kind: 'setpriv' | 'guard'): Promise<readonly string[]> =>
    kind === 'guard' ? [] : findPrefix();

  it.each(containments)('gives its lines, the last without an end (%s)', async (kind) => {
    const lines: string[] = [];
    const code = "process.stdout.write('a\\nb'); setTimeout(() => process.stdout.write('c\\nd'), 5)";
    await runProgram(program(code, { onLine: (line) => lines.push(line) }), await prefixOf(kind));
    expect(lines).toEqual(['a', 'bc', 'd']);
  });

  it.each(containments)('that fails says its last words (%s)', async (kind) => {
    const failing = runProgram(program("console.error('no such thing'); process.exit(3)"), await prefixOf(kind));
    await expect(failing).rejects.toMatchObject({
      code: 'PROGRAM_FAILED',
      message: expect.stringMatching(/exited with code 3\. Its last words: no such thing$/) as string,
    });
  });

  it.each(containments)('that is stopped is gone (%s)', async (kind) => {
    let pid = 0;
    const code = 'console.log(process.pid); setTimeout(() => 0, 60_000)';
    const changes = { onLine: (line: string) => (pid = Number(line)), isStopped: () => pid > 0 };
    const stopped = runProgram(program(code, changes), await prefixOf(kind));
    await expect(stopped).rejects.toMatchObject({ code: 'PROGRAM_STOPPED' });
    expect(isAlive(pid)).toBe(false);
  });

  it.each(containments)('ends with whoever started it, be that by SIGKILL (%s)', async (kind) => {
    const prefix = await prefixOf(kind);
    const url = new URL('../../dist/clients/program-run.js', import.meta.url).href;
    const inner = ['-e', 'console.log(process.pid); setTimeout(() => 0, 60_000)'];
    const parentCode = `import(${JSON.stringify(url)}).then(({ runProgram }) => runProgram({
      words: [process.execPath, ...${JSON.stringify(inner)}], env: process.env, stdin: null,
      onLine: (line) => console.log(line), isStopped: () => false,
    }, ${JSON.stringify(prefix)}))`;
    const parent = spawn(process.execPath, ['-e', parentCode], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until('the program is gone', () => !isAlive(pid));
  });
});
