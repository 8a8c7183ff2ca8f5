// A server whose handler keeps its only thread busy for 4 ms: it can answer 250 requests a second, whoever asks.
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';

createServer((_request, response) => {
  const end = performance.now() + 4;
  while (performance.now() < end);
  response.end('x');
}).listen(Number(process.env.PORT), process.env.HOST);
