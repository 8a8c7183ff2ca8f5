// `npm run bench [-- NAME [OPTIONS]]`: one benchmark in a process of its own; `clients` where none is named.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const benchmarks = [
  'clients',
  'idle-memory',
  'lab-cycle',
  'link',
  'results-scale',
  'time-wait-cost',
  'tls',
  'truth',
  'verdicts',
];

const [name = 'clients', ...options] = process.argv.slice(2);
if (!benchmarks.includes(name)) {
  console.error(`error: no benchmark named ${name}; there are: ${benchmarks.join(', ')}`);
  process.exitCode = 2;
} else {
  const script = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  process.exitCode = spawnSync(process.execPath, [script, ...options], { stdio: 'inherit' }).status ?? 1;
}
