// A cluster of two workers that answer with their pid, for the tests of command servers.
import cluster from 'node:cluster';
import { createServer } from 'node:http';

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  createServer((_request, response) => response.end(String(process.pid))).listen(process.env.PORT, process.env.HOST);
}
