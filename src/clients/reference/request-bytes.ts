/** The bytes of a request as the transports send them, with the place of its number where requests are numbered. */
import { requestNumber, requestNumberField, writeSequence } from '../../http/request-number.ts';
import { encodeRequest, type RequestShape } from '../../http/request.ts';

export interface RequestBytes {
  readonly bytes: Uint8Array;
  /** Where the digits of its number begin; -1: it has none. */
  readonly numberAt: number;
}

/** `worker`: requests are numbered, as those of this worker; null: they are not. */
export function requestBytes(shape: RequestShape, worker: number | null): RequestBytes {
  if (worker === null) return { bytes: encodeRequest(shape), numberAt: -1 };
  const headers = { ...shape.headers, [requestNumberField]: requestNumber(worker, 0) };
  const bytes = encodeRequest({ ...shape, headers });
  // No line before it can hold the same: names of fields are not repeated, and values have no line breaks.
  const line = `\r\n${requestNumberField}: `;
  return { bytes, numberAt: new TextDecoder('latin1').decode(bytes).indexOf(line) + line.length };
}

/** Puts the number within its worker into a copy of `request`; nothing where it has none. Hot: before every write. */
export function putNumber(copy: Uint8Array, { numberAt }: RequestBytes, sequence: number): void {
  if (numberAt >= 0) writeSequence(copy, numberAt, sequence);
}
