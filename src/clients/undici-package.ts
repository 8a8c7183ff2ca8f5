/** The undici package that a trial asked for: found, loaded, its version compared, and what it has of the things that came with versions. */
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { ClientSetup } from '../scenario/config.ts';
import { UserError } from '../scenario/user-error.ts';
import { loadClientPackage } from './client-package.ts';

/** What undici asks of a connector (docs/docs/api/Connector.md). */
interface ConnectRequest {
  readonly hostname: string;
  readonly host?: string;
  readonly protocol: string;
  readonly port: string;
  readonly servername?: string | null;
  readonly localAddress?: string | null;
}
type ConnectDone = (error: Error | null, socket?: Socket) => void;
/** The connectors that `buildConnector` makes give the socket at once, while it connects (lib/core/connect.js). */
export type BuiltConnector = (request: ConnectRequest, done: ConnectDone) => Socket;

/** The methods of a handler that versions 6 and 7 call directly; a newer style replaces them (docs/docs/api/Dispatcher.md). */
export interface OlderHandler {
  onConnect(abort: (reason?: Error) => void): void;
  onResponseStarted?(): void;
  /** Gives whether undici may go on. */
  onHeaders(status: number, headers: Buffer[], resume: () => void, statusText: string): boolean;
  onData(chunk: Buffer): boolean;
  onComplete(trailers: string[] | null): void;
  onError(error: Error): void;
}

type Options = Readonly<Record<string, unknown>>;

/** What this project uses of undici: the same names in its versions 6 to 8, but for RoundRobinPool and RetryAgent. */
export interface UndiciPackage {
  readonly version: string;
  readonly major: number;
  readonly minor: number;
  readonly Client: new (origin: string, options: Options) => Dispatcher;
  readonly Pool: new (origin: string, options: Options) => Dispatcher;
  readonly Agent: new (options: Options) => Dispatcher;
  /** Since 7.17.0. */
  readonly RoundRobinPool: (new (origin: string, options: Options) => Dispatcher) | undefined;
  /** Since 6.7.0. */
  readonly RetryAgent: (new (dispatcher: Pick<Dispatcher, 'dispatch'>, options: Options) => Dispatcher) | undefined;
  readonly buildConnector: (options: Options) => BuiltConnector;
  readonly request: (url: string, options: Options) => Promise<{ readonly body: Readable }>;
}

/** The oldest whose handlers, channels and connectors are those used here. */
const oldestMajor = 6;

/** Loads the package that the setup asks for. Throws a UserError where there is none, or not in that version. */
export function loadUndici(setup: ClientSetup = {}): UndiciPackage {
  const { version, loaded } = loadClientPackage('undici', setup);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < oldestMajor) {
    const message = `undici ${version} is too old: connbench drives ${oldestMajor}.0.0 and later.`;
    throw new UserError('CLIENT_VERSION', message);
  }
  const { Client, Pool, Agent, RoundRobinPool, RetryAgent, buildConnector, request } = loaded as UndiciPackage;
  return { version, major, minor, Client, Pool, Agent, RoundRobinPool, RetryAgent, buildConnector, request };
}
