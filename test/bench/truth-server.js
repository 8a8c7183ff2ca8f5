// The known-truth server, in a process of its own: answers by a seeded plan and writes down when each answer was due and given.
//
// Plain HTTP/1.1 with keep-alive on node:net; it shares no code with what it judges. It does not sleep while an answer is due soon, since
// timers are too coarse. In a freeze it still reads, as a kernel does for a program that hangs, and answers nothing.
//
// Over IPC: { type: 'begin', service, seed, freeze } -> { type: 'begun' }; { type: 'end' } -> { type: 'log', ... } with Float64Arrays.
// Times of the log are ns from the first request of the run, and so is the start of the first freeze.
import { Buffer } from 'node:buffer';
import { createServer } from 'node:net';
import { register } from 'node:module';
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers';

register('./typescript-hooks.js', import.meta.url);
const { endOfWorkNs } = await import('../truth/freeze.ts');
const { serviceTimes } = await import('../truth/service.ts');

const capacity = 2_000_000;
const body = 'x'.repeat(97);
const answer = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
const endOfHeader = Buffer.from('\r\n\r\n');
const nothing = Buffer.alloc(0);

const arrived = new Float64Array(capacity);
const due = new Float64Array(capacity);
const answered = new Float64Array(capacity);

/** Timers are exact to a ms or two: the last of the wait is spent awake. */
const awakeNs = 3e6;

/** The run: null between runs. */
let run = null;
let sleeping;
let looking = false;

function begin({ service, seed, freeze }) {
  run = { nextServiceNs: serviceTimes(service, seed), freeze, originNs: null, requests: 0, beyondLog: 0, pipelined: 0 };
  run.waiting = [];
  process.send({ type: 'begun' });
}

function end() {
  const { requests, beyondLog, pipelined } = run;
  run = null;
  const column = (array) => array.slice(0, requests);
  process.send({
    type: 'log',
    arrivedNs: column(arrived),
    dueNs: column(due),
    answeredNs: column(answered),
    beyondLog,
    pipelined,
  });
}

/** Called when something waits, or comes to wait earlier: sleeps while nothing is due soon, then looks again and again. */
function watch() {
  clearTimeout(sleeping);
  sleeping = undefined;
  if (run === null) return;
  answerDue();
  const [first] = run.waiting;
  if (first === undefined) return;
  const leftNs = due[first.index] - sinceOrigin();
  if (leftNs > awakeNs) sleeping = setTimeout(watch, Math.floor((leftNs - awakeNs) / 1e6) + 1);
  else if (!looking) look();
}

function look() {
  looking = true;
  setImmediate(() => {
    looking = false;
    watch();
  });
}

function answerDue() {
  const { waiting } = run;
  while (waiting.length > 0 && due[waiting[0].index] <= sinceOrigin()) {
    const { connection, index } = waiting.shift();
    connection.isWaiting = false;
    if (connection.socket.destroyed) continue;
    answered[index] = sinceOrigin();
    connection.socket.write(answer);
  }
}

function sinceOrigin() {
  return performance.now() * 1e6 - run.originNs;
}

/** In order of due time; few wait, no more than there are connections. */
function enqueue(entry) {
  const { waiting } = run;
  let place = waiting.length;
  while (place > 0 && due[waiting[place - 1].index] > due[entry.index]) place--;
  waiting.splice(place, 0, entry);
}

function arrive(connection) {
  if (run === null) return connection.socket.destroy();
  run.originNs ??= performance.now() * 1e6;
  // The log cannot hold a second answer of a connection that waits, and no tool here asks for one.
  if (connection.isWaiting) run.pipelined++;
  if (connection.isWaiting) return connection.socket.destroy();
  if (run.requests === capacity) run.beyondLog++;
  if (run.requests === capacity) return connection.socket.destroy();
  const index = run.requests++;
  arrived[index] = sinceOrigin();
  due[index] = endOfWorkNs(arrived[index], run.nextServiceNs(), run.freeze);
  answered[index] = NaN;
  connection.isWaiting = true;
  enqueue({ connection, index });
  if (run.waiting[0].index === index) watch();
}

const server = createServer({ noDelay: true }, (socket) => {
  const connection = { socket, isWaiting: false };
  let rest = nothing;
  socket.on('data', (chunk) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let at = bytes.indexOf(endOfHeader); at >= 0; at = bytes.indexOf(endOfHeader)) {
      arrive(connection);
      bytes = bytes.subarray(at + endOfHeader.length);
    }
    rest = bytes.length === 0 ? nothing : bytes;
  });
  // A client that leaves at the end of its run resets what it has open.
  socket.on('error', () => socket.destroy());
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  process.send({ type: 'listening', port: server.address().port });
});

process.on('message', (message) => (message.type === 'begin' ? begin(message) : end()));
process.on('disconnect', () => process.exit());
