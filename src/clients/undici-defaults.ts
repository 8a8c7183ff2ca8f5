/** What undici really goes by: it has no documented way to read that, so its clients' properties are read by the names of their symbols. */
import type { UndiciSettings } from './undici-dispatcher.ts';

/** Names of symbols (lib/core/symbols.js, the same in versions 6 and 7) and of the options that they hold. */
const optionOf: Readonly<Record<string, string>> = {
  'default keep alive timeout': 'keepAliveTimeout',
  'max keep alive timeout': 'keepAliveMaxTimeout',
  'keep alive timeout threshold': 'keepAliveTimeoutThreshold',
  'headers timeout': 'headersTimeout',
  'body timeout': 'bodyTimeout',
  pipelining: 'pipelining',
};

/** The options in force of a Client of undici's; those that it does not show under a known name are left out. */
export function liveSettings(client: object): UndiciSettings {
  const settings: Record<string, number> = {};
  for (const symbol of Object.getOwnPropertySymbols(client)) {
    const option = optionOf[symbol.description ?? ''];
    const value: unknown = (client as Readonly<Record<symbol, unknown>>)[symbol];
    if (option !== undefined && typeof value === 'number') settings[option] = value;
  }
  return settings;
}
