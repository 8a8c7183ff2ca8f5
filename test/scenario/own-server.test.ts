import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { ServerConfig } from '../../src/scenario/config.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import { problemsOf, scenarioOf } from './read.ts';

function serverOf(server: unknown, folder = '/srv/scenarios'): ServerConfig {
  const parsed = parseScenario(stringify({ name: 'x', base: { server } }), { file: 'x.yaml', folder });
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.scenario.variants[0]!.trial.server;
}
function messagesOf(server: unknown, rest: object = {}): readonly string[] {
  return problemsOf(stringify({ name: 'x', base: { server, ...rest } })).map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

describe('server.kind command', () => {
  it('has defaults for all but the command', () => {
    expect(serverOf({ kind: 'command', command: 'node server.mjs' })).toEqual({
      kind: 'command',
      command: ['node', 'server.mjs'],
      cwd: '/srv/scenarios',
      env: {},
      port: 8080,
      readyPath: null,
      readyTimeoutMs: 10_000,
    });
  });

  it('has every knob', () => {
    const server = {
      kind: 'command',
      command: ['nginx', '-g', 'daemon off;', '-p', '{port}', 4],
      cwd: '../nginx',
      env: { DEBUG: true, WORKERS: 2, EMPTY: '' },
      port: 9000,
      readyPath: '/health?full',
      readyTimeout: '1m',
    };
    expect(serverOf(server)).toEqual({
      kind: 'command',
      command: ['nginx', '-g', 'daemon off;', '-p', '{port}', '4'],
      cwd: '/srv/nginx',
      env: { DEBUG: 'true', WORKERS: '2', EMPTY: '' },
      port: 9000,
      readyPath: '/health?full',
      readyTimeoutMs: 60_000,
    });
    expect(serverOf({ ...server, cwd: '/opt/app' })).toMatchObject({ cwd: '/opt/app' });
  });

  it('runs in the folder of the file where no other is said', () => {
    const parsed = parseScenario('name: x\nbase: { server: { kind: command, command: a } }', { file: '/a/b/x.yaml' });
    expect(parsed).toMatchObject({
      ok: true,
      scenario: { folder: '/a/b', variants: [{ trial: { server: { cwd: '/a/b' } } }] },
    });
  });

  it.each<[name: string, server: unknown, message: string]>([
    [
      'no command',
      { port: 1 },
      'kind: server.command is missing: server.kind command needs the program to start, for example [node, server.mjs]',
    ],
    ['an empty line', { command: ' ' }, 'command: needs the program to start'],
    ['an empty list', { command: [] }, 'command: needs the program to start'],
    ['an empty program', { command: ['', 'x'] }, 'command: needs the program to start'],
    ['an open quote', { command: "node 'x" }, "command: has a ' that is not closed"],
    ['a list with a map', { command: ['node', { a: 1 }] }, 'command: must be a list of words, and {a: 1} is none'],
    ['a number', { command: 5 }, 'command: must be a list of words, or one line, not 5'],
    ['NUL', { command: ['node', 'a\0b'] }, 'command: may not contain NUL'],
    [
      'too many words',
      { command: Array.from({ length: 1001 }, () => 'x') },
      'command: may have at most 1000 words of 10000 characters',
    ],
    [
      'a folder by ~',
      { command: 'a', cwd: '~/app' },
      'cwd: must be the path of a folder, absolute or relative to the folder of the scenario, without ~, not "~/app"',
    ],
    [
      'the port as a variable',
      { command: 'a', env: { PORT: 1 } },
      'env.PORT: must be the name of an environment variable, other than PORT and HOST, which connbench sets, not "PORT"',
    ],
    [
      'a name with =',
      { command: 'a', env: { 'A=B': 1 } },
      'env."A=B": must be the name of an environment variable, other than PORT and HOST, which connbench sets, not "A=B"',
    ],
    ['a list as a variable', { command: 'a', env: { A: [1] } }, 'env.A: must be text, not [1]'],
    ['port 0', { command: 'a', port: 0 }, 'port: must be a whole number from 1 to 65535, not 0'],
    [
      'a relative path',
      { command: 'a', readyPath: 'health' },
      'readyPath: must be none, or a path that starts with / and holds printable ASCII without spaces and #, at most 2000 characters, not "health"',
    ],
    [
      'a knob of a bundled server',
      { command: 'a', keepAliveTimeout: '1s' },
      'keepAliveTimeout: is for server.kind node and reference, but the kind is command',
    ],
    [
      'a response',
      { command: 'a', response: { size: '1kB' } },
      'response: is for server.kind node and reference, but the kind is command',
    ],
    ['a url', { command: 'a', url: 'http://127.0.0.1/' }, 'url: is for server.kind external, but the kind is command'],
  ])('refuses %s', (_name, server, message) => {
    expect(messagesOf({ kind: 'command', ...(server as object) })).toEqual([`base.server.${message}`]);
  });

  it('is what its knobs are for', () => {
    expect(messagesOf({ command: 'a', env: {} })).toEqual([
      'base.server.command: is for server.kind command, but the kind is node',
      'base.server.env: is for server.kind command, but the kind is node',
    ]);
  });

  it('takes the place of a bundled server, and back, in an axis', () => {
    const text = `name: x
base: { server: { keepAliveTimeout: 9s, response: { size: 2kB } } }
axes:
  server:
    own: { server: { kind: command, command: [node, a.mjs] } }
    node: {}
    reference: { server: { kind: reference } }
`;
    const { variants, document } = scenarioOf(text);
    expect(variants.map(({ trial }) => trial.server)).toMatchObject([
      { kind: 'command', command: ['node', 'a.mjs'] },
      { kind: 'node', keepAliveTimeoutMs: 9000, response: { sizeBytes: 2000 } },
      { kind: 'reference', keepAliveTimeoutMs: 9000, response: { sizeBytes: 2000 } },
    ]);
    expect(scenarioOf(stringify(document)).variants).toEqual(variants);
  });

  it('may be one of the kinds of an axis over a base with the knobs of several', () => {
    const text = `name: x
base: { server: { command: a, env: { MODE: x }, response: { size: 2kB } } }
axes: { server.kind: [command, node] }
`;
    const { variants, document } = scenarioOf(text);
    expect(variants.map(({ trial }) => trial.server)).toMatchObject([
      { kind: 'command', command: ['a'], env: { MODE: 'x' } },
      { kind: 'node', response: { sizeBytes: 2000 } },
    ]);
    expect(scenarioOf(stringify(document)).variants).toEqual(variants);
  });

  it('has variables set by an axis and by the command line', () => {
    const text = `name: x
base: { server: { kind: command, command: a } }
axes: { server.env.TIMEOUT_MS: [1000, 5000] }
`;
    const { variants } = scenarioOf(text, ['server.env.MODE=fast']);
    expect(variants.map(({ name, trial }) => [name, 'env' in trial.server ? trial.server.env : null])).toEqual([
      ['server.env.TIMEOUT_MS=1000', { MODE: 'fast', TIMEOUT_MS: '1000' }],
      ['server.env.TIMEOUT_MS=5000', { MODE: 'fast', TIMEOUT_MS: '5000' }],
    ]);
  });

  it('works in a lab, in host mode and by default', () => {
    const server = { kind: 'command', command: 'a' };
    for (const mode of ['lab', 'host', 'auto']) expect(messagesOf(server, { network: { mode } })).toEqual([]);
  });
});

describe('server.kind external', () => {
  it('is an address, in host mode', () => {
    const { trial, config } = scenarioOf('name: x\nbase: { server: { kind: external, url: "http://LOCALHOST:81" } }')
      .variants[0]!;
    expect(trial.server).toEqual({ kind: 'external', host: '127.0.0.1', port: 81 });
    expect(trial.network).toMatchObject({ mode: 'host', congestionControl: 'default' });
    expect(config.server).toEqual({ kind: 'external', url: 'http://127.0.0.1:81/' });
  });

  it('may be on another machine, as far as the format goes', () => {
    expect(serverOf({ kind: 'external', url: 'http://10.1.2.3/' })).toEqual({
      kind: 'external',
      host: '10.1.2.3',
      port: 80,
    });
  });

  it('refuses a lab', () => {
    const server = { kind: 'external', url: 'http://127.0.0.1/' };
    expect(messagesOf(server, { network: { mode: 'lab' } })).toEqual([
      'base.network.mode: lab does not run with server.kind external, whose server is in no lab; use host, or leave it out',
    ]);
  });

  it.each<[name: string, server: object, message: string]>([
    [
      'no url',
      {},
      'kind: server.url is missing: server.kind external needs to know where it listens, for example http://127.0.0.1:8080/',
    ],
    [
      'TLS that the strategy does not speak',
      { url: 'https://127.0.0.1/' },
      'url: begins with https, but strategy.tls is off; turn it on',
    ],
    ['no text', { url: 8080 }, 'url: must be a url such as http://127.0.0.1:8080/, not 8080'],
    [
      'a knob of a bundled server',
      { url: 'http://127.0.0.1/', maxConnections: 5 },
      'maxConnections: is for server.kind node and reference, but the kind is external',
    ],
    [
      'a command',
      { url: 'http://127.0.0.1/', command: 'a' },
      'command: is for server.kind command, but the kind is external',
    ],
  ])('refuses %s', (_name, server, message) => {
    expect(messagesOf({ kind: 'external', ...server })).toEqual([`base.server.${message}`]);
  });
});
