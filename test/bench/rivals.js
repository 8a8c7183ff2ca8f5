// The load generators that are measured side by side: each runs once and gives { requests, seconds, cpuUs } of its whole process.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { startGenerator } from '../../dist/generator/child.js';
import { isInstalled } from './target.js';
import { trialConfig } from './trial-config.js';

const autocannonPath = createRequire(import.meta.url).resolve('autocannon');

/** Runs a command under bash's `time`. Gives its standard output, and user plus system time. */
function timed(command, args, deadlineMs) {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', 'TIMEFORMAT="cpu %U %S"; time "$@"', 'bash', command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
    child.on('error', reject);
    child.on('close', () => {
      const match = /cpu ([\d.]+) ([\d.]+)/.exec(err);
      if (match === null) reject(new Error(`${command} gave no CPU time: ${err.slice(-300)}`));
      else resolve({ out: out + err, cpuUs: (Number(match[1]) + Number(match[2])) * 1e6 });
    });
  });
}

function number(text, pattern) {
  const match = pattern.exec(text);
  if (match === null) throw new Error(`no ${pattern} in: ${text.slice(0, 400)}`);
  return Number(match[1]);
}

async function external(command, args, seconds, requestsPattern, secondsPattern) {
  const { out, cpuUs } = await timed(command, args, (seconds + 30) * 1000);
  return {
    requests: number(out, requestsPattern),
    seconds: secondsPattern === undefined ? seconds : number(out, secondsPattern),
    cpuUs,
  };
}

async function connbench({ port, seconds, connections, close, caPem }) {
  const generator = await startGenerator({ deadlineMs: 10_000 });
  try {
    const config = trialConfig({
      strategy: {
        connection: close ? 'close' : 'keep-alive',
        ...(caPem === undefined ? {} : { tls: { version: '1.3', resumption: 'none' } }),
      },
      pool: { size: connections },
      load: { model: 'closed', users: connections, thinkTimeMs: 0, warmUpMs: 1000, durationMs: seconds * 1000 },
    });
    generator.start({ config, host: '127.0.0.1', port, seed: 1, ...(caPem === undefined ? {} : { caPem }) });
    const report = await generator.done;
    if (report.measure.failed > 0) throw new Error(`failures: ${JSON.stringify(report.errors)}`);
    return { requests: report.measure.completed, seconds, cpuUs: report.cpu.userUs + report.cpu.systemUs };
  } finally {
    generator.kill();
  }
}

/** Every generator that is installed here, as { name, run }, for one scheme. Some cannot do one connection per request. */
export function rivals(scheme = 'http') {
  const url = (port) => `${scheme}://127.0.0.1:${port}/`;
  const all = [
    { name: 'connbench', run: connbench },
    {
      name: 'wrk',
      command: 'wrk',
      run: ({ port, seconds, connections, close }) =>
        external(
          'wrk',
          ['-t1', `-c${connections}`, `-d${seconds}s`, ...(close ? ['-H', 'Connection: close'] : []), url(port)],
          seconds,
          /(\d+) requests in/,
        ),
    },
    {
      name: 'h2load',
      command: 'h2load',
      keepAliveOnly: true,
      run: ({ port, seconds, connections }) =>
        external(
          'h2load',
          ['--h1', '-t1', `-c${connections}`, '-D', String(seconds), url(port)],
          seconds,
          /(\d+) succeeded/,
        ),
    },
    {
      name: 'ab',
      command: 'ab',
      run: ({ port, seconds, connections, close }) =>
        external(
          'ab',
          [
            '-q',
            '-t',
            String(seconds),
            '-n',
            '100000000',
            '-c',
            String(connections),
            ...(close ? [] : ['-k']),
            url(port),
          ],
          seconds,
          /Complete requests:\s+(\d+)/,
          /Time taken for tests:\s+([\d.]+)/,
        ),
    },
    {
      name: 'hey',
      command: 'hey',
      run: ({ port, seconds, connections, close }) =>
        external(
          'hey',
          [
            '-cpus',
            '1',
            '-z',
            `${seconds}s`,
            '-c',
            String(connections),
            ...(close ? ['-disable-keepalive'] : []),
            url(port),
          ],
          seconds,
          /\[200\]\s+(\d+) responses/,
        ),
    },
    {
      name: 'autocannon',
      run: ({ port, seconds, connections, close }) =>
        external(
          process.execPath,
          [
            autocannonPath,
            '-j',
            '-c',
            String(connections),
            '-d',
            String(seconds),
            ...(close ? ['-H', 'Connection: close'] : []),
            url(port),
          ],
          seconds,
          /"2xx":(\d+)/,
        ),
    },
  ];
  return all.filter(({ command }) => command === undefined || isInstalled(command));
}
