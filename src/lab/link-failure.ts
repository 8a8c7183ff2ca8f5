/** A link that could not start or go on. */

/** `code` is for programs: an errno's name, ENOFFI, EPCAP, EIP, EPROTOCOL or ETHREAD; the message is a sentence for people. */
export class LinkFailure extends Error {
  override readonly name = 'LinkFailure';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
