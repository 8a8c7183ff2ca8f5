/** What Node's fetch goes by: the settings that a connection of its global dispatcher would have, read back from one that is never opened. */
import { liveSettings } from './undici-defaults.ts';
import type { UndiciSettings } from './undici-dispatcher.ts';

/** Where undici keeps the dispatcher of fetch (lib/global.js). */
const globalDispatcher = Symbol.for('undici.globalDispatcher.1');

type Make = (origin: unknown, options: unknown) => object;

/**
 * Loads fetch, which Node does when it is first needed and which takes some 20 ms (lib/internal/bootstrap/web/exposed-window-or-worker.js), so
 * that no request waits for it. Gives the settings; none where this version of Node shows them in another way.
 */
export function loadFetch(): UndiciSettings {
  new Request('http://127.0.0.1/');
  const agent = (globalThis as Readonly<Record<symbol, unknown>>)[globalDispatcher];
  const pool = madeBy(agent, 'http://127.0.0.1');
  const client = madeBy(pool, new URL('http://127.0.0.1'));
  return client === null ? {} : liveSettings(client);
}

/** What a dispatcher makes for an origin: an Agent a Pool, a Pool a Client (lib/dispatcher/agent.js, pool.js). Null where it makes none. */
function madeBy(dispatcher: unknown, origin: unknown): object | null {
  if (typeof dispatcher !== 'object' || dispatcher === null) return null;
  const symbols = Object.getOwnPropertySymbols(dispatcher);
  const held = (name: string): unknown => {
    const symbol = symbols.find(({ description }) => description === name);
    return symbol === undefined ? undefined : (dispatcher as Readonly<Record<symbol, unknown>>)[symbol];
  };
  const make = held('factory');
  return typeof make === 'function' ? (make as Make)(origin, held('options')) : null;
}
