// Answers with 1 kB, whose length BODY decides about: `length` says it in the header, `end` leaves that to Node, `stream` sends the body in
// two parts, before Node can know.
import { createServer } from 'node:http';
import { env } from 'node:process';

const { PORT, HOST, BODY } = env;
const half = 'x'.repeat(500);

const server = createServer((request, response) => {
  if (BODY === 'length') response.setHeader('Content-Length', '1000');
  if (BODY === 'stream') {
    response.write(half);
    response.end(half);
  } else {
    response.end(half + half);
  }
});
server.keepAliveTimeout = 20_000;
server.listen(Number(PORT), HOST);
