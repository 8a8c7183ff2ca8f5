/** The resolved configuration of attackers: clients that misbehave on purpose, beside the honest load. Times are milliseconds. */

export const attackerKinds = [
  'slow-headers', // a byte of a header field at a time, without end (slowloris)
  'slow-body', // a request with a long body, of which it sends a byte at a time
  'silent', // opens a connection and sends nothing
  'slow-reader', // a whole request; reads 1 kB of the response at a time
  'unread-body', // a whole request; never reads the response
] as const;
export type AttackerKind = (typeof attackerKinds)[number];

/** Whether attackers of a kind, by its name, look at the answers of the server: of the others nobody knows its statuses. */
export function looksAtAnswers(kind: string): boolean {
  return kind !== 'slow-reader' && kind !== 'unread-body';
}

export interface AttackerConfig {
  readonly kind: AttackerKind;
  /** Held open at once: one that the server closes is opened again. */
  readonly connections: number;
  /** Pause between two bytes, or two readings. */
  readonly everyMs: number;
  /** From the start of measure. */
  readonly fromMs: number;
}
