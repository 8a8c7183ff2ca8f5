// Answers every request with 1 kB and no Keep-Alive header, in four ways that SAYS names. `close`: HTTP/1.1, says `Connection: close`, and
// closes. `old`: HTTP/1.0, says nothing of the connection, and closes. `old-open`: the same, but leaves the closing to the client.
// `nothing`: HTTP/1.1, says nothing of the connection, and keeps it. `nothing-close`: says as little, and closes all the same.
import { createServer } from 'node:net';
import { env } from 'node:process';

const { PORT, HOST, SAYS } = env;
const version = SAYS.startsWith('old') ? '1.0' : '1.1';
const field = SAYS === 'close' ? 'Connection: close\r\n' : '';
const closes = ['close', 'old', 'nothing-close'].includes(SAYS);
const answer = `HTTP/${version} 200 OK\r\nContent-Length: 1000\r\n${field}\r\n${'x'.repeat(1000)}`;

createServer({ noDelay: true, allowHalfOpen: false }, (socket) => {
  let head = '';
  socket.setEncoding('latin1');
  socket.on('data', (text) => {
    head += text;
    // Requests have no body; a second one follows the answer to the first.
    if (!head.endsWith('\r\n\r\n')) return;
    head = '';
    if (closes) socket.end(answer);
    else socket.write(answer);
  });
  socket.on('error', () => socket.destroy());
}).listen(Number(PORT), HOST);
