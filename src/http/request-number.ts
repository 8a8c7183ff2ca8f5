/** The numbers that requests carry where they may be sent again, so that the server can count what it executed twice. */

/** Lower case, as HTTP/2 needs it. */
export const requestNumberField = 'connbench-request';

/** Digits of a number that name the request within its worker: the last ones. */
const sequenceDigits = 12;
const highestPlace = 2 ** (4 * (sequenceDigits / 2));

/** 4 hexadecimal digits for the worker, 12 for the number within it: `worker` below 2^16, `sequence` below 2^48. */
export function requestNumber(worker: number, sequence: number): string {
  return worker.toString(16).padStart(4, '0') + sequence.toString(16).padStart(sequenceDigits, '0');
}

/** Replaces the number within the worker of a number whose digits begin at `bytes[at]`. Hot: no allocation. */
export function writeSequence(bytes: Uint8Array, at: number, sequence: number): void {
  const high = Math.floor(sequence / highestPlace);
  writeDigits(bytes, at + 4, high);
  writeDigits(bytes, at + 4 + sequenceDigits / 2, sequence - high * highestPlace);
}

/** Half of the digits of a sequence, of which there are few enough for 32-bit integers. */
function writeDigits(bytes: Uint8Array, at: number, value: number): void {
  let rest = value;
  for (let place = at + sequenceDigits / 2 - 1; place >= at; place--) {
    const digit = rest & 15;
    bytes[place] = digit < 10 ? 0x30 + digit : 0x57 + digit;
    rest >>>= 4;
  }
}
