/** `connbench serve`: the bundled server by itself, in the foreground until Ctrl-C. */
import { isIPv4 } from 'node:net';
import { Option, type Command } from 'commander';
import { UserError } from '../scenario/user-error.ts';
import type { BundledServerConfig } from '../scenario/config.ts';
import { ServerProcessError, type ProcessEnd } from '../server/child.ts';
import type { LiveServerSettings, ServerReport } from '../server/messages.ts';
import { serve, type Listening } from '../server/standalone.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { listenForInterrupts } from './interrupt.ts';
import { countOrUnlimited, durationMs, sizeBytes, wholeNumber } from './options.ts';
import type { Output } from './output.ts';

interface ServeOptions {
  readonly kind: BundledServerConfig['kind'];
  readonly host: string;
  readonly port: number;
  readonly allowRemote: boolean;
  readonly keepAliveTimeout?: number;
  readonly maxRequestsPerSocket: number;
  readonly maxConnections: number;
  readonly headersTimeout?: number;
  readonly requestTimeout?: number;
  readonly backlog?: number;
  readonly responseSize: number;
  readonly framing: 'length' | 'chunked';
  readonly delay: number;
}

/** A day: longer timers are a typing error. */
const longestMs = 86_400_000;
const largestResponse = 1 << 30;

export function addServeCommand(program: Command, output: Output, finish: (code: ExitCode) => void): void {
  program
    .command('serve')
    .description('run the bundled server by itself until Ctrl-C')
    .addOption(new Option('--kind <kind>', 'which server').choices(['node', 'reference']).default('node'))
    .option('--host <address>', 'IPv4 address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on, 0 for any free one', wholeNumber(0, 65_535), 8080)
    .option('--allow-remote', 'allow an address that other machines can reach', false)
    .option(
      '--keep-alive-timeout <duration>',
      "close idle connections after this, e.g. 5s (the runtime's default)",
      durationMs(longestMs),
    )
    .option(
      '--max-requests-per-socket <number>',
      'requests per connection, or unlimited',
      countOrUnlimited(1, 1e9),
      Infinity,
    )
    .option('--max-connections <number>', 'connections at once, or unlimited', countOrUnlimited(1, 1e7), Infinity)
    .option('--headers-timeout <duration>', 'time for a complete header', durationMs(longestMs))
    .option('--request-timeout <duration>', 'time for a complete request', durationMs(longestMs))
    .option('--backlog <number>', 'length of the accept queue', wholeNumber(1, 1e6))
    .option('--response-size <size>', 'size of the body, e.g. 1kB', sizeBytes(largestResponse), 1000)
    .addOption(
      new Option('--framing <kind>', 'how the body is delimited').choices(['length', 'chunked']).default('length'),
    )
    .option('--delay <duration>', 'wait before each response', durationMs(longestMs), 0)
    .action(async (options: ServeOptions) => {
      finish(await serveUntilStopped(options, output));
    });
}

async function serveUntilStopped(options: ServeOptions, output: Output): Promise<ExitCode> {
  checkHost(options);
  const { host, port } = options;
  const interrupt = listenForInterrupts(
    () => undefined,
    () => undefined,
  );
  try {
    const serving = await serve(serverConfig(options), {
      host,
      port,
      onListening: (at) => {
        output.print(listeningText(at));
      },
    });
    const stopped = new Promise<null>((resolve) => {
      if (interrupt.signal.aborted) resolve(null);
      interrupt.signal.addEventListener('abort', () => {
        resolve(null);
      });
    });
    const end = await Promise.race([serving.died, stopped]);
    if (end !== null) throw new UserError('SERVER_DIED', `the server process ended ${endText(end)}`);
    output.print(statsText(await serving.stop()));
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof ServerProcessError) throw new UserError(error.code, error.message, hints[error.code] ?? null);
    throw error;
  } finally {
    interrupt.dispose();
  }
}

const hints: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Choose another port with --port, or --port 0 for any free one.',
  EADDRNOTAVAIL: 'Give an address of this machine with --host.',
};

function checkHost({ host, allowRemote }: ServeOptions): void {
  if (!isIPv4(host)) {
    throw new UserError('BAD_HOST', `--host ${JSON.stringify(host)} is not an IPv4 address`, 'For example 127.0.0.1.');
  }
  if (!host.startsWith('127.') && !allowRemote) {
    throw new UserError(
      'REMOTE_NOT_ALLOWED',
      `${host} can be reached by other machines`,
      'The server has no protection of any kind. Add --allow-remote if that is what you want.',
    );
  }
}

function serverConfig(options: ServeOptions): BundledServerConfig {
  return {
    kind: options.kind,
    keepAliveTimeoutMs: options.keepAliveTimeout ?? null,
    maxRequestsPerSocket: options.maxRequestsPerSocket,
    headersTimeoutMs: options.headersTimeout ?? null,
    requestTimeoutMs: options.requestTimeout ?? null,
    maxConnections: options.maxConnections,
    backlog: options.backlog ?? null,
    response: {
      sizeBytes: options.responseSize,
      framing: options.framing,
      delay: { distribution: 'constant', valueMs: options.delay },
    },
    firstCloser: 'server',
  };
}

function endText({ code, signal }: ProcessEnd): string {
  return signal === null ? `with code ${code ?? -1}` : `by ${signal}`;
}

function listeningText({ host, port, pid, settings }: Listening): string {
  const lines = settingNames.map(([name, label]) => `  ${label.padEnd(32)}${settingText(settings[name])}`);
  return [`${settings.runtime} listens on http://${host}:${port}/ (process ${pid})`, ...lines, 'Ctrl-C stops it.'].join(
    '\n',
  );
}

const settingNames = [
  ['keepAliveTimeoutMs', 'keep-alive timeout, ms'],
  ['keepAliveTimeoutBufferMs', 'added before it closes, ms'],
  ['maxRequestsPerSocket', 'requests per connection'],
  ['headersTimeoutMs', 'headers timeout, ms'],
  ['requestTimeoutMs', 'request timeout, ms'],
  ['connectionsCheckingIntervalMs', 'timeouts checked every, ms'],
  ['maxConnections', 'connections at once'],
  ['backlog', 'accept queue'],
  ['noDelay', 'TCP_NODELAY'],
] as const satisfies readonly (readonly [keyof LiveServerSettings, string])[];

function settingText(value: number | boolean | null): string {
  if (value === null) return 'not set';
  return value === Infinity ? 'unlimited' : String(value);
}

function statsText({ accepted, executed, refused, firstCloser }: ServerReport): string {
  const { client, server, reset } = firstCloser;
  return `accepted ${accepted} connections, executed ${executed} requests, refused ${refused}; closed first: client ${client}, server ${server}, reset ${reset}`;
}
