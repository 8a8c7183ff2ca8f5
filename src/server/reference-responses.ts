/** The answers of the reference server, encoded once into native memory. */
import { encodeResponse, type ResponseShape } from '../http/response.ts';
import { BODY_TOO_LARGE, HEAD_TOO_LARGE, TOO_MANY_HEADERS } from '../http/parse-error.ts';
import { allocateNative } from '../kernel/memory.ts';
import type { BundledServerConfig } from '../scenario/config.ts';

const refusals = [400, 408, 413, 431] as const;
type RefusalStatus = (typeof refusals)[number];

/** Answers to good requests. */
export const answerCount = 8;

/** Index of the answer to a good request. HTTP/1.0 has no chunks, so its answers carry their length whatever the framing. */
export function answerIndex(versionMinor: number, isHead: boolean, isLast: boolean): number {
  return (versionMinor === 0 ? 4 : 0) + (isHead ? 2 : 0) + (isLast ? 1 : 0);
}

/** Index of the answer that refuses a request and ends its connection. */
export function refusalIndex(status: RefusalStatus): number {
  return answerCount + refusals.indexOf(status);
}

/** The status for an error of the request parser. */
export function refusalStatus(parseError: number): RefusalStatus {
  if (parseError === HEAD_TOO_LARGE || parseError === TOO_MANY_HEADERS) return 431;
  return parseError === BODY_TOO_LARGE ? 413 : 400;
}

/** Index of the answer that persists for the shorter time of `shed`, in place of `answer`, which persists. */
export function shedIndex(answer: number): number {
  return answerCount + refusals.length + answer;
}

export interface PreparedResponses {
  /** By the indexes above: where the bytes are and how many. Others may be added behind them. */
  readonly address: number[];
  readonly sizeBytes: number[];
}

/** What the answer of an index says. The timeout is announced in whole seconds, rounded down as Node does, and not where it is Infinity. */
export function answerShape(index: number, config: BundledServerConfig, keepAliveTimeoutMs: number): ResponseShape {
  const versionMinor = (index & 4) === 0 ? 1 : 0;
  return {
    status: 200,
    bodyBytes: config.response.sizeBytes,
    framing: versionMinor === 0 ? 'length' : config.response.framing,
    connection: (index & 1) === 0 ? 'keep-alive' : 'close',
    keepAliveTimeoutSeconds: keepAliveTimeoutMs === Infinity ? null : Math.floor(keepAliveTimeoutMs / 1000),
    keepAliveMax: config.maxRequestsPerSocket === Infinity ? null : config.maxRequestsPerSocket,
    versionMinor,
    headRequest: (index & 2) !== 0,
  };
}

export function prepareResponses(config: BundledServerConfig, keepAliveTimeoutMs: number): PreparedResponses {
  const encoded: Uint8Array[] = [];
  for (let index = 0; index < answerCount; index++) {
    encoded[index] = encodeResponse(answerShape(index, config, keepAliveTimeoutMs));
  }
  for (const status of refusals) encoded[refusalIndex(status)] = encodeResponse(refusal(status));
  if (config.shed !== undefined && config.shed.then !== 'close') {
    const timeoutMs = Math.min(keepAliveTimeoutMs, config.shed.then.keepAliveTimeoutMs);
    for (let index = 0; index < answerCount; index++) {
      encoded[shedIndex(index)] = encodeResponse(answerShape(index, config, timeoutMs));
    }
  }
  return place(encoded);
}

function refusal(status: RefusalStatus): ResponseShape {
  return {
    status,
    bodyBytes: 0,
    framing: 'length',
    connection: 'close',
    keepAliveTimeoutSeconds: null,
    keepAliveMax: null,
    versionMinor: 1,
  };
}

function place(encoded: readonly Uint8Array[]): PreparedResponses {
  const buffers = encoded.map((bytes) => {
    const buffer = allocateNative(bytes.length);
    buffer.bytes.set(bytes);
    return buffer;
  });
  return { address: buffers.map(({ address }) => address), sizeBytes: encoded.map(({ length }) => length) };
}
