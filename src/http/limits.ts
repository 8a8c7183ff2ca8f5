/** How much of a message the parsers accept before they call it an error. */

export interface MessageLimits {
  /** Start line and fields of one head up to and with the empty line; the trailer section has the same bound of its own. */
  readonly headBytes: number;
  /** Field lines of one head, or of one trailer section. */
  readonly fields: number;
  /** Interim (1xx) responses before the final one. */
  readonly interimResponses: number;
  /** The line before each chunk's data: size, extensions, CRLF. */
  readonly chunkLineBytes: number;
  readonly bodyBytes: number;
}

const defaultLimits: MessageLimits = {
  headBytes: 65_536,
  fields: 1_000,
  interimResponses: 100,
  chunkLineBytes: 16_384,
  bodyBytes: Number.MAX_SAFE_INTEGER,
};

/** The defaults with some bounds replaced. Throws a RangeError on one that is not a non-negative safe integer. */
export function messageLimits(changes: Partial<MessageLimits>): MessageLimits {
  const limits = { ...defaultLimits, ...changes };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`limit ${name} must be a whole number, not ${value}`);
  }
  return limits;
}
