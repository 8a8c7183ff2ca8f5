/** The interval at which Node's server looks for overdue requests: from the scenario to the running server. */
import { afterEach, describe, expect, it } from 'vitest';
import { startServer, type ServerHandle } from '../../src/server/child.ts';
import { briefsOf, bundledServer, scenarioOf } from '../scenario/read.ts';
import { serverConfig, type ServerConfigChanges } from './server-config.ts';

const running: ServerHandle[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.kill()));
});

async function intervalMs(changes: ServerConfigChanges): Promise<number | null> {
  const server = await startServer(serverConfig('node', changes), { seed: 1, deadlineMs: 10_000 });
  running.push(server);
  return server.settings.connectionsCheckingIntervalMs;
}

describe('connectionsCheckingInterval', () => {
  it('is what the scenario says, and the running server has it', async () => {
    const text = 'name: x\nbase: { server: { headersTimeout: 200ms, connectionsCheckingInterval: 3s } }';
    const { headersTimeoutMs, connectionsCheckingIntervalMs } = bundledServer(scenarioOf(text).variants[0]!.trial);
    expect(connectionsCheckingIntervalMs).toBe(3_000);
    expect(await intervalMs({ headersTimeoutMs, connectionsCheckingIntervalMs: 3_000 })).toBe(3_000);
  });

  it('is a quarter of the shorter timeout where the scenario does not say, at most 30 s', async () => {
    const text = 'name: x\nbase: { server: { connectionsCheckingInterval: default } }';
    expect(bundledServer(scenarioOf(text).variants[0]!.trial)).not.toHaveProperty('connectionsCheckingIntervalMs');
    expect(await intervalMs({ headersTimeoutMs: 1_000, requestTimeoutMs: 2_000 })).toBe(250);
    expect(await intervalMs({})).toBe(30_000);
  });

  it.each([
    ['kind: reference, connectionsCheckingInterval: 1s', 'is not possible with server.kind reference'],
    ['kind: command, command: a, connectionsCheckingInterval: 1s', 'is for server.kind node and reference'],
    ['connectionsCheckingInterval: 0s', 'must be'],
  ])('%s is refused', (server, message) => {
    expect(briefsOf(`name: x\nbase: { server: { ${server} } }`).join('\n')).toContain(
      `server.connectionsCheckingInterval: ${message}`,
    );
  });

  it('is none of HTTP/2', async () => {
    const text =
      'name: x\nbase: { client: http2, strategy: { protocol: h2 }, server: { connectionsCheckingInterval: 1s } }';
    expect(briefsOf(text).join('\n')).toContain('server.connectionsCheckingInterval: is for HTTP/1');
    const http2 = { maxConcurrentStreams: 100 };
    await expect(intervalMs({ http2, connectionsCheckingIntervalMs: 1_000 })).rejects.toThrow(
      'connectionsCheckingInterval',
    );
  });
});
