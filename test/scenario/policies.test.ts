/** The server's policies in the scenario format: what they resolve to, and where they cannot stand. */
import { describe, expect, it } from 'vitest';
import { briefsOf, bundledServer, scenarioOf } from './read.ts';

const resolved = (server: string): unknown =>
  bundledServer(scenarioOf(`name: x\nbase: { server: { ${server} } }`).variants[0]!.trial);

describe('policies of the server', () => {
  it.each([
    ['shed: { above: 500 }', { shed: { above: 500, of: 'connections', then: 'close' } }],
    [
      'shed: { above: 9, of: fds, then: { keepAliveTimeout: 1s } }',
      { shed: { above: 9, of: 'fds', then: { keepAliveTimeoutMs: 1000 } } },
    ],
    ['evictIdle: { above: 500 }', { evictIdle: { above: 500 } }],
    ['kind: reference, acceptPause: { above: 500 }', { acceptPause: { above: 500 } }],
    ['kind: reference, nofile: 256', { nofile: 256 }],
    ['drain: { style: close }', { drain: { atMs: 1000, style: 'close', deadlineMs: 10_000 } }],
    [
      'kind: reference, drain: { at: 2s, style: close-all, deadline: 5s }',
      { drain: { atMs: 2000, style: 'close-all', deadlineMs: 5000 } },
    ],
  ])('%s', (text, expected) => {
    expect(resolved(text)).toMatchObject(expected);
  });

  it('are absent where they are off', () => {
    const server = resolved('shed: off, evictIdle: off, acceptPause: off, nofile: default, drain: off');
    for (const key of ['shed', 'evictIdle', 'acceptPause', 'nofile', 'drain']) expect(server).not.toHaveProperty(key);
  });

  it('can be an axis', () => {
    const { variants } = scenarioOf(
      'name: x\nbase: { server: { evictIdle: { above: 1 } } }\naxes: { server.evictIdle.above: [5, 9] }',
    );
    expect(variants.map(({ trial }) => bundledServer(trial).evictIdle)).toEqual([{ above: 5 }, { above: 9 }]);
  });

  it.each([
    ['shed: { then: close }', 'server.shed: needs the number above which it acts, such as above: 500'],
    ['evictIdle: {}', 'server.evictIdle: needs the number above which it acts, such as above: 500'],
    [
      'shed: { above: 5, then: {} }',
      'server.shed.then: needs keepAliveTimeout, such as { keepAliveTimeout: 1s }, or is close',
    ],
    ['acceptPause: { above: 5 }', 'server.acceptPause: is not possible with server.kind node'],
    ['nofile: 256', 'server.nofile: is not possible with server.kind node'],
    ['maxConnections: 5, evictIdle: { above: 5 }', 'server.evictIdle: acts from 5 connections on, but with 5'],
    ['maxConnections: 5, shed: { above: 5 }', 'server.shed: acts above 5 connections, but with 5 the server turns'],
    [
      'kind: reference, evictIdle: { above: 9 }, acceptPause: { above: 9 }',
      'server.evictIdle: acts when connection 10 comes, but server.acceptPause accepts none above 9',
    ],
    [
      'kind: reference, nofile: 64, acceptPause: { above: 64 }',
      'server.acceptPause: acts from 64 connections on, but with 64 descriptors (server.nofile) the server never has so many',
    ],
    [
      'keepAliveTimeout: 5s, shed: { above: 5, then: { keepAliveTimeout: 5s } }',
      'server.shed.then.keepAliveTimeout: 5s is not shorter than server.keepAliveTimeout 5s: it would relieve nothing',
    ],
    ['kind: command, command: a, nofile: 256', 'server.nofile: is for server.kind node and reference'],
    ['nofile: 3', 'server.nofile: must be a whole number from 32 to 1000000, or default, not 3'],
    ['shed: { above: 0 }', 'must be'],
    ['drain: {}', 'server.drain: needs a style, such as style: close-idle'],
    ['drain: { style: abort }', 'server.drain.style: must be'],
    [
      'drain: { style: close, at: 10s }',
      'server.drain.at: begins 10s after the start of measure, which is over after 10s',
    ],
    [
      'kind: external, url: http://127.0.0.1:1, drain: { style: close }',
      'server.drain: is for server.kind node and reference',
    ],
  ])('%s is refused', (server, message) => {
    expect(briefsOf(`name: x\nbase: { server: { ${server} } }`).join('\n')).toContain(message);
  });

  it('are none of HTTP/2', () => {
    const text = 'name: x\nbase: { client: http2, strategy: { protocol: h2 }, server: { evictIdle: { above: 5 } } }';
    expect(briefsOf(text).join('\n')).toContain('server.evictIdle: is for HTTP/1');
  });
});
