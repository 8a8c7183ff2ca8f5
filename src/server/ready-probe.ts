/**
 * A process that asks a server for a path until the status is below 500, then exits with code 0. Its last line of output says what came
 * of the last try. Arguments: host, port, path. It runs where the server is, and ends with its parent, when its standard input ends.
 */
import { Agent, get } from 'node:http';

const [host = '', port = '', path = '/'] = process.argv.slice(2);
const pauseMs = 20;
// Without one Node would ask for the connection to be closed, and the server would be left with TIME_WAIT.
const agent = new Agent({ keepAlive: true });

let lastOutcome = '';

function ask(): void {
  const request = get({ host, port: Number(port), path, agent });
  request.once('response', (response) => {
    const status = response.statusCode ?? 0;
    // A reset leaves neither side with TIME_WAIT.
    response.socket.resetAndDestroy();
    if (status < 500) process.exit(0);
    askAgain(`status ${status}`);
  });
  request.once('error', (error: NodeJS.ErrnoException) => {
    askAgain(error.code ?? error.message);
  });
}

function askAgain(outcome: string): void {
  if (outcome !== lastOutcome) process.stdout.write(`${outcome}\n`);
  lastOutcome = outcome;
  setTimeout(ask, pauseMs);
}

process.stdin.once('end', () => process.exit(1)).resume();
ask();
