// The reference client against wrk over TLS 1.3, on the same server: throughput and CPU per request, kept alive and with a full handshake
// each. The reference client verifies the certificate of every handshake, wrk verifies none.
import { createCertificates } from '../../dist/lab/certificates.js';
import { rivals } from './rivals.js';
import { compare } from './rounds.js';
import { startTarget } from './target.js';

const connections = 32;
const seconds = 3;

const rounds = Number(process.argv[2] ?? 5);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) {
  console.error('usage: tls.js [ROUNDS 1-100]');
  process.exitCode = 2;
} else {
  await benchTls();
}

async function benchTls() {
  const certificates = await createCertificates('ecdsa');
  const target = await startTarget(certificates);
  const contestants = rivals('https').filter(({ name }) => name === 'connbench' || name === 'wrk');
  const work = { port: target.port, seconds, connections, caPem: certificates.caPem };
  try {
    console.log(
      `${connections} connections, ${seconds} s a run, ${rounds} rounds, medians; on ${target.name}, TLS 1.3`,
    );
    await compare('https, keep-alive', contestants, { ...work, close: false }, rounds);
    await compare('https, a full handshake per request', contestants, { ...work, close: true }, rounds);
  } finally {
    await target.stop();
  }
}
