// Answers with 1 kB, and every second time with a response whose end FRAMING spoils: `wrong-length` says a byte more than comes before the
// close, `no-length` says nothing of it and stays open, `length-and-chunked` says both. `exact-length` spoils nothing.
import { createServer } from 'node:net';
import { env } from 'node:process';

const { PORT, HOST, FRAMING } = env;
const body = 'x'.repeat(1000);
const sound = `Content-Length: ${body.length}\r\n\r\n${body}`;
const responses = {
  'exact-length': sound,
  'wrong-length': `Content-Length: ${body.length + 1}\r\n\r\n${body}`,
  'no-length': `\r\n${body}`,
  'length-and-chunked': `Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
};
let requests = 0;

createServer((socket) => {
  let head = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    head += bytes.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    head = '';
    requests++;
    const isSpoiled = requests % 2 === 0;
    socket.write(`HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n${isSpoiled ? responses[FRAMING] : sound}`);
    if (isSpoiled && FRAMING === 'wrong-length') socket.end();
  });
}).listen(Number(PORT), HOST);
