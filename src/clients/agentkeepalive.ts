/** The client agentkeepalive: `http.request` and `https.request` with the Agents of that package. */
import type { Agent } from 'node:http';
import type { HttpAgent, HttpsAgent } from 'agentkeepalive';
import { nowNs } from '../kernel/clock.ts';
import { UserError } from '../scenario/user-error.ts';
import { loadClientPackage } from './client-package.ts';
import { AgentClient } from './node/agent-client.ts';
import { agentOptions, liveOptions } from './node/agent-options.ts';
import type { NodeClient, NodeClientSetup } from './node/node-client.ts';
import { nodeClient } from './node/runner.ts';

export const agentkeepaliveClient = nodeClient('agentkeepalive', createAgentkeepaliveClient);

/** What this project uses of the package. */
interface Package {
  readonly HttpAgent: typeof HttpAgent;
  readonly HttpsAgent: typeof HttpsAgent;
}

/** Throws a UserError where the package is not there, or not in the version that was asked for. */
function createAgentkeepaliveClient(setup: NodeClientSetup): NodeClient {
  const { strategy, clientSetup } = setup.task.config;
  const { version, loaded } = loadClientPackage('agentkeepalive', clientSetup);
  const { HttpAgent: PlainAgent, HttpsAgent: TlsAgent } = loaded as Partial<Package>;
  if (PlainAgent === undefined || TlsAgent === undefined) {
    throw new UserError(
      'CLIENT_VERSION',
      `agentkeepalive ${version} has no HttpAgent and HttpsAgent: use 4.0.0 or later.`,
    );
  }
  const { idleTimeoutMs, maxLifetimeMs } = strategy.pool;
  const { timeout } = clientSetup?.options ?? {};
  const options = {
    ...agentOptions(setup),
    // 0 is what it takes for none; a timeout of twice that, or 8 s, would then end idle connections in its place.
    freeSocketTimeout: idleTimeoutMs === Infinity ? 0 : idleTimeoutMs,
    ...(typeof timeout === 'number' ? { timeout } : idleTimeoutMs === Infinity ? { timeout: 0 } : {}),
    ...(maxLifetimeMs === Infinity ? {} : { socketActiveTTL: maxLifetimeMs }),
  };
  return new AgentClient(setup, {
    // It writes its defaults into the options that it is given.
    make: (): Agent => (strategy.tls === undefined ? new PlainAgent({ ...options }) : new TlsAgent({ ...options })),
    facts: (agent) => ({
      version: `agentkeepalive ${version}, node ${process.version}`,
      settings: liveOptions(agent),
    }),
    retireReason: ({ openingNs, freedNs }, idle) => {
      const endNs = openingNs + maxLifetimeMs * 1e6;
      // It counts whole milliseconds; its timer is set to whichever comes first.
      const isOver = idle ? endNs <= (freedNs ?? openingNs) + idleTimeoutMs * 1e6 : endNs <= nowNs() + 1e6;
      return isOver ? 'maxLifetime' : null;
    },
  });
}
