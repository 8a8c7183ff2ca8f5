// A server to try the scenario own-server with: 1 kB for every request, idle timeout from the environment.
import { createServer } from 'node:http';
import { env } from 'node:process';

const body = 'x'.repeat(1000);
const server = createServer((request, response) => {
  response.setHeader('Content-Length', body.length);
  response.end(request.method === 'HEAD' ? undefined : body);
});
server.keepAliveTimeout = Number(env.KEEP_ALIVE_TIMEOUT_MS ?? 5000);
server.listen(Number(env.PORT ?? 8080), env.HOST ?? '127.0.0.1');
