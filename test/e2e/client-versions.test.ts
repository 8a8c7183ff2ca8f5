/** Packages and a Node of the user's own, and an authority for a server of the user's: through the command line, to the result. */
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCertificates } from '../../src/lab/certificates.ts';
import { Bench } from './connbench.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => {
  bench.dispose();
});

const resolve = createRequire(import.meta.url).resolve;

/** A package below `folder` that says it has a version, and is otherwise the one that is installed here. */
function installed(folder: string, name: string, version: string, code: string): void {
  const at = join(bench.dir, folder, 'node_modules', name);
  mkdirSync(at, { recursive: true });
  const manifest = { name, version, main: 'index.js', bin: { [name]: 'index.js' } };
  writeFileSync(join(at, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(at, 'index.js'), code);
}

const real = (name: string): string => JSON.stringify(resolve(name));
/** What undici 6.26 lacks of what is used here. */
const undici6 = `const { RoundRobinPool, ...rest } = require(${real('undici')}); module.exports = rest;`;

const load = 'load: { model: closed, users: 2, warmUp: 0s, duration: 300ms, thinkTime: 5ms }';

describe('packages in versions', () => {
  test('two versions of a client are two alternatives of an axis, and the result says which ran', async () => {
    installed('libs/six', 'undici', '6.26.0', undici6);
    installed('libs/seven', 'undici', '7.30.2', `module.exports = require(${real('undici')});`);
    installed('libs/keep', 'agentkeepalive', '4.5.0', `module.exports = require(${real('agentkeepalive')});`);
    const file = bench.file(
      'versions.yaml',
      `name: versions
base: { network: { mode: host }, server: { kind: node }, ${load} }
axes:
  client:
    six: { client: { name: undici, version: 6.26.0, modules: ./libs/six } }
    seven: { client: { name: undici, version: 7.30.2, modules: libs/seven } }
    keep: { client: { name: agentkeepalive, version: 4.5.0, modules: libs/keep } }
`,
    );
    const { stdout, stderr } = await bench.run('run', file, '--blocks', '1');
    expect(stderr).toContain('3 variants');
    const { trials } = await bench.results();
    const seen = trials.map(({ variant, client }) => [variant, client.version?.split(',')[0]]).sort();
    expect(seen).toEqual([
      ['client=keep', 'agentkeepalive 4.5.0'],
      ['client=seven', 'undici 7.30.2'],
      ['client=six', 'undici 6.26.0'],
    ]);
    for (const { requests, reconciliation } of trials) {
      expect(requests!.completed).toBeGreaterThan(0);
      expect(reconciliation.filter(({ ok }) => ok === false)).toEqual([]);
    }
    for (const version of ['undici 6.26.0', 'undici 7.30.2', 'agentkeepalive 4.5.0']) expect(stdout).toContain(version);
  });

  test('autocannon of another version is run from its own folder', async () => {
    const cli = resolve('autocannon');
    const code = `const cannon = require(${JSON.stringify(cli)}); cannon.start(cannon.parseArguments(process.argv.slice(2)));`;
    installed('libs', 'autocannon', '8.0.0', code);
    const file = bench.file(
      'cannon.yaml',
      `name: cannon
base:
  client: { name: autocannon, version: 8.0.0, modules: libs }
  server: { kind: node, response: { delay: 10ms } }
  network: { mode: host }
  load: { model: closed, users: 2, warmUp: 0s, duration: 1s }
`,
    );
    await bench.run('run', file, '--blocks', '1');
    const [trial] = (await bench.results()).trials;
    expect(trial?.client.version).toMatch(/^autocannon 8\.0\.0, node /);
    expect(trial?.requests?.completed).toBeGreaterThan(0);
  });

  test('another version than that which is there ends with 2 and says what to install', async () => {
    installed('libs', 'undici', '6.26.0', undici6);
    const client = '{ name: undici, version: 6.27.0, modules: ./libs }';
    const file = bench.file('wrong.yaml', `name: wrong\nbase: { client: ${client} }\n`);
    const { code, stderr } = await bench.run('run', file);
    expect(code).toBe(2);
    expect(stderr).toContain('"./libs" has undici 6.26.0, not 6.27.0; npm install --prefix "./libs" undici@6.27.0');
    expect(bench.resultFiles()).toEqual([]);
  });

  test('what a version lacks is refused before anything is run', async () => {
    installed('libs', 'undici', '6.5.0', undici6);
    const base = (client: string, pool: string): string =>
      `name: lacks\nbase: { client: { name: undici, modules: libs${client} }, strategy: { pool: { ${pool} } } }\n`;
    const texts = [
      [base('', 'order: fifo'), 'needs undici 7.17.0 or later, with which RoundRobinPool came; this is 6.5.0'],
      [base('', 'maxLifetime: 60s'), 'needs undici 7.10.0 or later, with which clientTtl came; this is 6.5.0'],
      [
        base(', options: { maxRetries: 1 }', ''),
        'needs undici 6.7.0 or later, with which RetryAgent came; this is 6.5.0',
      ],
    ] as const;
    for (const [text, problem] of texts) {
      const { code, stderr } = await bench.run('check', bench.file('lacks.yaml', text));
      expect([code, stderr]).toEqual([2, expect.stringContaining(problem)]);
    }
  });
});

describe('a Node of its own', () => {
  const scenario = (runtime: string): string =>
    `name: runtime\nbase: { client: { name: reference, runtime: ${runtime} }, network: { mode: host }, ${load} }\n`;

  test('runs the client, and the result says its version', async () => {
    symlinkSync(process.execPath, join(bench.dir, 'my-node'));
    const { stdout } = await bench.run('run', bench.file('runtime.yaml', scenario('./my-node')), '--blocks', '1');
    const [trial] = (await bench.results()).trials;
    expect(trial?.client).toMatchObject({ name: 'reference', runtime: process.version });
    expect(trial?.requests?.completed).toBeGreaterThan(0);
    expect(trial?.reconciliation.filter(({ ok }) => ok === false)).toEqual([]);
    expect(stdout).toContain(`reference (node ${process.version})`);
  });

  test('is really what runs it: a wrapper sees the generator go by', async () => {
    const seen = join(bench.dir, 'seen');
    const wrapper = join(bench.dir, 'wrapper');
    writeFileSync(wrapper, `#!/bin/sh\necho "$1" >> '${seen}'\nexec '${process.execPath}' "$@"\n`);
    chmodSync(wrapper, 0o755);
    await bench.run('run', bench.file('runtime.yaml', scenario('wrapper')), '--blocks', '1');
    const words = readFileSync(seen, 'utf8').trim().split('\n');
    expect(words[0]).toBe('-p');
    expect(words[1]).toContain(join('dist', 'generator', 'main.js'));
  });

  test('that is none ends with 2 before anything is run', async () => {
    const program = join(bench.dir, 'program');
    writeFileSync(program, '#!/bin/sh\necho hello\n');
    chmodSync(program, 0o755);
    const { code, stderr } = await bench.run('run', bench.file('runtime.yaml', scenario('program')));
    expect(code).toBe(2);
    expect(stderr).toContain('program" is not Node');
    expect(bench.resultFiles()).toEqual([]);
  });
});

describe('an authority for a server of the user’s', () => {
  async function served(ca: string, client: string): Promise<string> {
    const { caPem, certPem, keyPem } = await createCertificates('ecdsa');
    const other = await createCertificates('ecdsa');
    for (const [name, pem] of Object.entries({ ca: caPem, cert: certPem, key: keyPem, other: other.caPem }))
      bench.file(`${name}.pem`, pem);
    bench.file(
      'server.mjs',
      `import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
const [cert, key] = ['cert.pem', 'key.pem'].map((name) => readFileSync(name));
createServer({ cert, key }, (request, response) => response.end('hello')).listen(process.env.PORT, process.env.HOST);
`,
    );
    return bench.file(
      'secure.yaml',
      `name: secure
base:
  client: ${client}
  network: { mode: host }
  strategy: { tls: on }
  server: { kind: command, command: [${process.execPath}, server.mjs], port: 18443, readyPath: none${ca} }
  ${load}
`,
    );
  }

  test.each(['reference', 'node-http', 'fetch', 'undici', 'agentkeepalive'])('verifies it with %s', async (client) => {
    const { stderr } = await bench.run('run', await served(', ca: ./ca.pem', client), '--blocks', '1');
    const [trial] = (await bench.results()).trials;
    expect([trial?.errors, stderr.includes('error:')]).toEqual([[], false]);
    expect(trial?.requests?.completed).toBeGreaterThan(0);
  });

  test.each([
    ['another authority', ', ca: ./other.pem'],
    ['the authorities of the system', ''],
  ])('%s does not', async (_what, ca) => {
    await bench.run('run', await served(ca, 'reference'), '--blocks', '1');
    const [trial] = (await bench.results()).trials;
    expect(trial?.requests?.completed).toBe(0);
    expect(trial?.errors[0]?.code).toMatch(/^CERT_/);
  });
});
