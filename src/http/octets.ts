/** The octets that HTTP/1.x syntax names, and the character classes of RFC 9110 §5 as lookup tables. */

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const DQUOTE = 0x22;
export const COMMA = 0x2c;
export const ZERO = 0x30;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;
export const BACKSLASH = 0x5c;

function table(accepts: (octet: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => (accepts(octet) ? 1 : 0));
}

const tokenMarks = new Set(Array.from("!#$%&'*+-.^_`|~", (mark) => mark.charCodeAt(0)));

/** 1 for `tchar`: what names, methods and list members are made of (RFC 9110 §5.6.2). */
export const tokenOctets = table(
  (octet) =>
    (octet >= 0x30 && octet <= 0x39) ||
    (octet >= 0x41 && octet <= 0x5a) ||
    (octet >= 0x61 && octet <= 0x7a) ||
    tokenMarks.has(octet),
);

/** 1 for what a field value may hold: HTAB, SP, VCHAR and obs-text (RFC 9110 §5.5). NUL, CR, LF, DEL and other controls are 0. */
export const fieldValueOctets = table((octet) => octet === HTAB || (octet >= SP && octet !== 0x7f));

/** The value of a hexadecimal digit, 255 for every other octet. */
export const hexDigits = Uint8Array.from({ length: 256 }, (_, octet) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(octet).toLowerCase());
  return digit < 0 ? 255 : digit;
});
