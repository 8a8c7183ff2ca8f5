// The reference client against the load generators that are installed, on the same server: throughput and CPU per request.
import { rivals } from './rivals.js';
import { compare } from './rounds.js';
import { startTarget } from './target.js';

const connections = 32;
const seconds = 3;

const rounds = Number(process.argv[2] ?? 5);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) {
  console.error('usage: clients.js [ROUNDS 1-100]');
  process.exitCode = 2;
} else {
  await benchClients();
}

async function benchClients() {
  const target = await startTarget();
  const work = { port: target.port, seconds, connections };
  try {
    console.log(`${connections} connections, ${seconds} s a run, ${rounds} rounds, medians; on ${target.name}`);
    await compare('keep-alive', rivals(), { ...work, close: false }, rounds);
    await compare(
      'one connection per request',
      rivals().filter((rival) => !rival.keepAliveOnly),
      { ...work, close: true },
      rounds,
    );
  } finally {
    await target.stop();
  }
}
