/** The head of a request or a response as text: start line and fields. For heads that a parser of `http/` has accepted. */

export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

export interface MessageHead {
  readonly startLine: string;
  readonly fields: readonly HeaderField[];
}

/** Reads the octets from the start line to the empty line. A value that goes on in the next line is joined by a space (RFC 9112 §5.2). */
export function readHead(octets: Buffer): MessageHead {
  const text = octets.toString('latin1').replace(/\r\n[ \t]+/g, ' ');
  const [startLine = '', ...lines] = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
  const fields = lines.map((line) => {
    const colon = line.indexOf(':');
    return { name: line.slice(0, colon), value: line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '') };
  });
  return { startLine, fields };
}

export function writeHead({ startLine, fields }: MessageHead): Buffer {
  const lines = [startLine, ...fields.map(({ name, value }) => `${name}: ${value}`)];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Values of a field in all its lines, as a list of members in lower case (RFC 9110 §5.6.1). */
export function members(fields: readonly HeaderField[], name: string): readonly string[] {
  return fields
    .filter((field) => field.name.toLowerCase() === name)
    .flatMap(({ value }) => value.toLowerCase().split(','))
    .map((member) => member.trim())
    .filter((member) => member !== '');
}

/** Collects octets until a head is whole. */
export class HeadBuffer {
  #octets: Buffer = Buffer.alloc(0);

  get isEmpty(): boolean {
    return this.#octets.length === 0;
  }

  /** How much of `chunk` belongs to the head, which ends with an empty line; and whether it is whole now. */
  add(chunk: Buffer): { readonly taken: number; readonly isWhole: boolean } {
    const before = this.#octets.length;
    const all = before === 0 ? chunk : Buffer.concat([this.#octets, chunk]);
    // The empty line may have begun in what came before.
    const end = all.indexOf('\r\n\r\n', Math.max(0, before - 3), 'latin1');
    const isWhole = end >= 0;
    this.#octets = isWhole ? all.subarray(0, end + 4) : all;
    return { taken: this.#octets.length - before, isWhole };
  }

  /** The head, and from now on the next one. */
  take(): Buffer {
    const octets = this.#octets;
    this.#octets = Buffer.alloc(0);
    return octets;
  }
}
