/** Why bytes are not an acceptable HTTP/1.x message: integer codes for the hot path, and their names for records. */

export const BAD_STATUS_LINE = 1;
export const BAD_REQUEST_LINE = 2;
export const BAD_VERSION = 3;
export const BAD_HEADER = 4;
export const HEAD_TOO_LARGE = 5;
export const TOO_MANY_HEADERS = 6;
export const BAD_CONTENT_LENGTH = 7;
export const CONFLICTING_LENGTH = 8;
export const LENGTH_AND_CHUNKED = 9;
export const BAD_TRANSFER_ENCODING = 10;
export const BAD_CHUNK = 11;
export const CHUNK_LINE_TOO_LARGE = 12;
export const TRAILER_TOO_LARGE = 13;
export const BODY_TOO_LARGE = 14;
export const UNEXPECTED_UPGRADE = 15;
export const TOO_MANY_INTERIM = 16;
export const TRUNCATED_HEAD = 17;
export const TRUNCATED_BODY = 18;
export const NO_RESPONSE = 19;
export const MISSING_HOST = 20;
export const DUPLICATE_HOST = 21;

/** By code. The names appear in results, so they are added to and not renamed. */
export const parseErrorNames = [
  'NONE',
  'BAD_STATUS_LINE',
  'BAD_REQUEST_LINE',
  'BAD_VERSION',
  'BAD_HEADER',
  'HEAD_TOO_LARGE',
  'TOO_MANY_HEADERS',
  'BAD_CONTENT_LENGTH',
  'CONFLICTING_LENGTH',
  'LENGTH_AND_CHUNKED',
  'BAD_TRANSFER_ENCODING',
  'BAD_CHUNK',
  'CHUNK_LINE_TOO_LARGE',
  'TRAILER_TOO_LARGE',
  'BODY_TOO_LARGE',
  'UNEXPECTED_UPGRADE',
  'TOO_MANY_INTERIM',
  'TRUNCATED_HEAD',
  'TRUNCATED_BODY',
  'NO_RESPONSE',
  'MISSING_HOST',
  'DUPLICATE_HOST',
] as const;
export type ParseErrorName = (typeof parseErrorNames)[number];

/** `BAD_HEADER` for 4; `NONE` for 0. Throws a RangeError on a number that is no code. */
export function parseErrorName(code: number): ParseErrorName {
  const name = parseErrorNames[code];
  if (name === undefined) throw new RangeError(`no HTTP parse error has the code ${code}`);
  return name;
}
