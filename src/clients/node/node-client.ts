/**
 * What a Node client has to do to be measured: start an attempt, abandon it, close. The runner (`runner.ts`) does the rest: load,
 * limits of the queue, timeouts, retries, counts, phases.
 *
 * The instants of a request come from two places. Those of its connection (opening began, established, encrypted) are the socket's, which
 * `SocketLedger` watches; those of the request the client reports through its `Attempt`, each as soon as it happens:
 *
 *     start -> onConnection -> [written] -> [firstByte] -> answered | failed
 *
 * `onConnection` and the end are needed; `written` and `firstByte` are taken as of the next instant where they were not said. A series that
 * a client cannot know it names in `unmeasured`.
 */
import type { RequestConfig } from '../../scenario/config.ts';
import type { ClientTask } from '../client.ts';
import type { ClientFacts, LatencyName } from '../observations.ts';
import type { NodeConnection } from './node-connection.ts';
import type { SocketLedger } from './socket-ledger.ts';

/** One request as it goes to a client, once; a retry is another attempt. Hears nothing more after its end, or once it was abandoned. */
export interface Attempt {
  /** Which of the load's requests: a position in `requestAlternatives(load)`. */
  readonly alternative: number;
  /** To be sent in the field `requestNumberField`; null where requests are not numbered, because none is ever sent again. */
  readonly number: string | null;
  /** Whose connections it may use: the user with pool scope `session`, else 0. Below `NodeClientSetup.owners`. */
  readonly owner: number;
  /** Its response is to be left unread, as by a program that forgets it: then `leaked` takes the place of `answered`. */
  readonly leaks: boolean;
  /** Set by `onConnection`. */
  readonly connection: NodeConnection | null;
  /** The connection that carries it, open or still opening. Of several calls the last one counts: a client may move it before it is sent. */
  onConnection(connection: NodeConnection): void;
  /** Head and body are handed to the system. */
  written(): void;
  /** The first byte of the response is here. Calls after the first one do nothing. */
  firstByte(): void;
  /** The response was read in full. */
  answered(status: number): void;
  /** The head of the response is here, and nobody reads the rest. */
  leaked(): void;
  /** Of a response that leaked: the client is through with it all the same, and has its connection back. */
  released(): void;
  /** The client, having written it, sends it once more by itself: what it said of the try before is void. */
  again(): void;
  /** It came to nothing. `code`: the client's own, `ECONNRESET`, `HPE_INVALID_CONSTANT`, `UND_ERR_SOCKET`. */
  failed(code: string): void;
}

/** What the runner gives to a client. */
export interface NodeClientSetup {
  readonly task: ClientTask;
  /** By alternative of the load. */
  readonly requests: readonly RequestConfig[];
  /** Most connections of one owner: this worker's share of the pool size; `Infinity` for unlimited. */
  readonly connections: number;
  /** Users of this worker with pool scope `session`, else 1. Their pools are best made when first needed. */
  readonly owners: number;
  /** Every socket that the client opens must be shown to it when it is made, before it connects: `ledger.track(socket)`. */
  readonly ledger: SocketLedger;
}

export type { ClientFacts };

export interface NodeClient {
  /** As read from what runs, defaults included: for the record. */
  readonly facts: ClientFacts;
  /** Series that cannot be measured with this client, by name, with the reason. */
  readonly unmeasured: Readonly<Partial<Record<LatencyName, string>>>;
  /**
   * Starts an attempt now, or as soon as the client's own pool has a connection. Gives what abandons it: the client lets go of it as it
   * would for a user who aborts. Must not throw for anything that a server or a system can do: `attempt.failed` says it.
   */
  start(attempt: Attempt): () => void;
  /**
   * Ends every connection; what is still under way is lost and settled already. Called once, after `ledger.beginTearDown`. The runner then
   * destroys any socket that is left, so that a client without such a call need not do anything.
   */
  close(): Promise<void> | void;
}

/** Makes the client of one worker. Rejects with a UserError where the client is not there or not in the version that was asked for. */
export type NodeClientFactory = (setup: NodeClientSetup) => NodeClient | Promise<NodeClient>;
