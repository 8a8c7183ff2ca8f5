// Answers with 1 kB, whose length BODY decides about: `length` says it in the header, `end` leaves that to Node, `stream` sends the body in
// two parts, before Node can know. LEAVE_OUT takes the Connection field out of requests before Node's HTTP server reads them, of `every` one
// or of the one with that number on its connection: what then reaches the server is a client that says nothing.
import { Buffer } from 'node:buffer';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { env } from 'node:process';
import { Duplex } from 'node:stream';

const { PORT, HOST, BODY, LEAVE_OUT } = env;
const half = 'x'.repeat(500);

const server = createHttpServer((request, response) => {
  if (BODY === 'length') response.setHeader('Content-Length', '1000');
  if (BODY === 'stream') {
    response.write(half);
    response.end(half);
  } else {
    response.end(half + half);
  }
});
server.keepAliveTimeout = 20_000;

/** A connection on the way to the HTTP server. Every request comes in one piece, as the next is not sent before it is answered. */
class LeavingOut extends Duplex {
  #socket;
  #requests = 0;

  constructor(socket) {
    super();
    this.#socket = socket;
    socket.on('data', (bytes) => this.push(this.#onItsWay(bytes)));
    socket.on('end', () => this.push(null));
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
  }

  #onItsWay(bytes) {
    this.#requests++;
    if (LEAVE_OUT !== 'every' && LEAVE_OUT !== String(this.#requests)) return bytes;
    return Buffer.from(bytes.toString('latin1').replace(/^connection:.*\r\n/im, ''), 'latin1');
  }

  _read() {}

  _write(bytes, encoding, done) {
    this.#socket.write(bytes, encoding, done);
  }

  _final(done) {
    this.#socket.end(done);
  }

  _destroy(error, done) {
    this.#socket.destroy();
    done(error);
  }
}

createServer((socket) => {
  server.emit('connection', LEAVE_OUT === undefined ? socket : new LeavingOut(socket));
}).listen(Number(PORT), HOST);
