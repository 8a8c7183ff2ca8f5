/** The client node-http: `http.request` and `https.request` with Agents of Node's own. */
import { Agent as HttpAgent, type Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { AgentClient } from './node/agent-client.ts';
import { agentOptions, liveOptions } from './node/agent-options.ts';
import type { NodeClient, NodeClientSetup } from './node/node-client.ts';
import { nodeClient } from './node/runner.ts';

export const nodeHttpClient = nodeClient('node-http', createNodeHttpClient);

function createNodeHttpClient(setup: NodeClientSetup): NodeClient {
  const { strategy } = setup.task.config;
  const { idleTimeoutMs } = strategy.pool;
  const options = {
    ...agentOptions(setup),
    // It is what makes the Agent obey a hint, too. Without connections that it keeps there is nothing to time.
    ...(strategy.connection === 'close' || idleTimeoutMs === Infinity ? {} : { timeout: idleTimeoutMs }),
  };
  return new AgentClient(setup, {
    make: (): Agent => (strategy.tls === undefined ? new HttpAgent(options) : new HttpsAgent(options)),
    facts: (agent) => ({ version: `node ${process.version}`, settings: liveOptions(agent) }),
  });
}
