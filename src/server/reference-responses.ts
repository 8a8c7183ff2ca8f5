/** The answers of the reference server, encoded once into native memory. */
import { encodeResponse } from '../http/response.ts';
import { BODY_TOO_LARGE, HEAD_TOO_LARGE, TOO_MANY_HEADERS } from '../http/parse-error.ts';
import { allocateNative } from '../kernel/memory.ts';
import type { BundledServerConfig } from '../scenario/config.ts';

const refusals = [400, 408, 413, 431] as const;
type RefusalStatus = (typeof refusals)[number];

/** Index of the answer to a good request. HTTP/1.0 has no chunks, so its answers carry their length whatever the framing. */
export function answerIndex(versionMinor: number, isHead: boolean, isLast: boolean): number {
  return (versionMinor === 0 ? 4 : 0) + (isHead ? 2 : 0) + (isLast ? 1 : 0);
}

/** Index of the answer that refuses a request and ends its connection. */
export function refusalIndex(status: RefusalStatus): number {
  return 8 + refusals.indexOf(status);
}

/** The status for an error of the request parser. */
export function refusalStatus(parseError: number): RefusalStatus {
  if (parseError === HEAD_TOO_LARGE || parseError === TOO_MANY_HEADERS) return 431;
  return parseError === BODY_TOO_LARGE ? 413 : 400;
}

export interface PreparedResponses {
  /** By the indexes above: where the bytes are and how many. */
  readonly address: Float64Array;
  readonly sizeBytes: Float64Array;
}

/** `keepAliveTimeoutMs` is announced in whole seconds, rounded down as Node does, and not at all where it is Infinity. */
export function prepareResponses(config: BundledServerConfig, keepAliveTimeoutMs: number): PreparedResponses {
  const { sizeBytes: bodyBytes, framing } = config.response;
  const encoded: Uint8Array[] = [];
  for (const versionMinor of [1, 0] as const) {
    for (const headRequest of [false, true]) {
      for (const connection of ['keep-alive', 'close'] as const) {
        const response = {
          status: 200,
          bodyBytes,
          framing: versionMinor === 0 ? ('length' as const) : framing,
          connection,
          keepAliveTimeoutSeconds: keepAliveTimeoutMs === Infinity ? null : Math.floor(keepAliveTimeoutMs / 1000),
          keepAliveMax: config.maxRequestsPerSocket === Infinity ? null : config.maxRequestsPerSocket,
          versionMinor,
          headRequest,
        };
        encoded[answerIndex(versionMinor, headRequest, connection === 'close')] = encodeResponse(response);
      }
    }
  }
  for (const status of refusals) encoded[refusalIndex(status)] = encodeResponse(refusal(status));
  return place(encoded);
}

function refusal(status: RefusalStatus): Parameters<typeof encodeResponse>[0] {
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
  const address = new Float64Array(encoded.length);
  const sizeBytes = new Float64Array(encoded.length);
  encoded.forEach((bytes, index) => {
    const buffer = allocateNative(bytes.length);
    buffer.bytes.set(bytes);
    address[index] = buffer.address;
    sizeBytes[index] = bytes.length;
  });
  return { address, sizeBytes };
}
