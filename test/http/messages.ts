/** Arbitrary HTTP/1.x messages: well-formed ones, ones with something wrong inside, and mutations of both. */
import fc from 'fast-check';

const fieldLines = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'Date: Sat, 21 Nov 2026 10:00:00 GMT',
      'Server: x',
      'ETag: "a,b"',
      'X-Empty:',
      'C: d',
      'T: e',
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'Connection: close',
      'Connection: keep-alive',
      'connection: Keep-Alive, Upgrade',
      'CONNECTION: foo,CLOSE',
      'Connection:\tclose , bar',
      'Connection: close foo',
      'Connection: closed',
      'Connection: keep-alive, close',
      'Connections: close',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'Keep-Alive: timeout=5',
      'Keep-Alive: timeout=5, max=100',
      'Keep-Alive: x="a,b", max = 7',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'A: b\r\n c',
      'Connection:\r\n close',
      'A : b',
      'A',
      ': b',
      'A: \x00',
      'A: \xff',
      'A: \x7f',
      'Trailer: A',
    ),
  },
);

const body = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '0', 'H'), maxLength: 20 });

const extensions = fc.constantFrom('', '', '', ';a', ';a=b', ';a="b c";d', '; a', ' ;a', ';', ' ');
const chunk = fc
  .tuple(body, fc.constantFrom('', '0', '000'), extensions)
  .map(([data, zeros, extension]) =>
    data === '' ? '' : `${zeros}${data.length.toString(16)}${extension}\r\n${data}\r\n`,
  );
const trailer = fc.constantFrom(
  '',
  '',
  'A: b\r\n',
  'A: b\r\nConnection: close\r\n',
  'Content-Length: 3\r\n',
  'A : b\r\n',
);
const chunkedBody = fc
  .tuple(fc.array(chunk, { maxLength: 4 }), trailer)
  .map(([chunks, fields]) => `${chunks.join('')}0\r\n${fields}\r\n`);

/** Framing fields with a body that fits them. */
const framing = fc.oneof(
  body.map((data) => ({ fields: [`Content-Length: ${data.length}`], data })),
  chunkedBody.map((data) => ({ fields: ['Transfer-Encoding: chunked'], data })),
  fc
    .tuple(
      fc.constantFrom(
        'gzip, chunked',
        'Chunked',
        'chunked ',
        'chunked\t',
        'chunked,',
        ', chunked',
        'gzip;q="a" ,\tCHUNKED',
      ),
      chunkedBody,
    )
    .map(([coding, data]) => ({ fields: [`Transfer-Encoding: ${coding}`], data })),
  body.map((data) => ({ fields: [], data })),
  fc
    .tuple(
      fc.constantFrom(
        ['Content-Length: 3', 'Content-Length: 3'],
        ['Content-Length: 3', 'Content-Length: 4'],
        ['Content-Length: 3', 'Transfer-Encoding: chunked'],
        ['Transfer-Encoding: gzip', 'Content-Length: 3'],
        ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
        ['Transfer-Encoding: chunked, gzip'],
        ['Transfer-Encoding: gzip', 'Transfer-Encoding: chunked'],
        ['Transfer-Encoding:'],
        ['Transfer-Encoding: xchunked'],
        ['Content-Length: 3, 3'],
        ['Content-Length: +3'],
        ['Content-Length: -3'],
        ['Content-Length: 0x3'],
        ['Content-Length: 003 '],
        ['Content-Length: 3\t'],
        ['Content-Length: 3 3'],
        ['Content-Length:'],
        ['Content-Length: 9007199254740991'],
        ['Content-Length: 9007199254740992'],
        ['Content-Length: 99999999999999999999999'],
      ),
      fc.oneof(body, chunkedBody),
    )
    .map(([fields, data]) => ({ fields, data })),
);

const interim = fc.constantFrom(
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n',
  'HTTP/1.1 102 Processing\r\nContent-Length: 3\r\n\r\n',
  'HTTP/1.1 199 \r\nConnection: keep-alive\r\n\r\n',
);
const statusLine = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.0 200 OK', 'HTTP/1.1 404 Not Found') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified', 'HTTP/1.1 500', 'HTTP/1.1 205 '),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'HTTP/1.1 999 ?',
      'HTTP/1.1 20 OK',
      'HTTP/1.2 200 OK',
      'HTTP/1.1 099 OK',
      'HTTP/1.1 101 S',
      'HTTP/2.0 200 OK',
    ),
  },
);

function message(startLine: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(startLine, fc.array(fieldLines, { maxLength: 3 }), framing, fc.nat())
    .map(([line, others, { fields, data }, seed]) => {
      const lines: string[] = [...others];
      fields.forEach((field, index) => lines.splice((seed + index) % (lines.length + 1), 0, field));
      return `${[line, ...lines].join('\r\n')}\r\n\r\n${data}`;
    });
}

/** A response, one character for one octet. Not every one is valid, and the body may end early or late. */
export const response: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      fc.constant(''),
      fc.constant(''),
      interim,
      fc.tuple(interim, interim).map(([a, b]) => a + b),
    ),
    message(statusLine),
  )
  .map(([before, final]) => before + final);

/** A request, one character for one octet, under the same terms. */
export const request: fc.Arbitrary<string> = message(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.constantFrom('GET / HTTP/1.1\r\nHost: a', 'POST /x?y=1 HTTP/1.1\r\nHost: a:81', 'HEAD / HTTP/1.0'),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'GET / HTTP/1.1',
        'GET  / HTTP/1.1',
        'GET /',
        'get / HTTP/1.1\r\nHost: a',
        '\r\nPUT * HTTP/1.1\r\nHost: a\r\nHost: b',
      ),
    },
  ),
);

const interesting = fc.constantFrom(
  ...Array.from('\r\n\t :;,="0159afCT\x00\x7f\x80\xff'),
  ...['\r\n', '\r\n ', 'close', 'chunked', 'Content-Length: 1\r\n', 'HTTP/1.1 '],
);

/** Flipped bits, inserted and deleted octets, repeated stretches, a cut end. */
export function mutated(original: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const mutation = fc.record({
    kind: fc.constantFrom('flip', 'insert', 'delete', 'repeat', 'cut', 'replace'),
    at: fc.nat(),
    length: fc.integer({ min: 1, max: 30 }),
    bit: fc.nat(7),
    text: interesting,
  });
  return fc.tuple(original, fc.array(mutation, { minLength: 1, maxLength: 3 })).map(([text, mutations]) =>
    mutations.reduce((current, { kind, at, length, bit, text: inserted }) => {
      const place = current.length === 0 ? 0 : at % current.length;
      const before = current.slice(0, place);
      const after = current.slice(place);
      if (kind === 'flip')
        return before + String.fromCharCode((after.charCodeAt(0) || 0) ^ (1 << bit)) + after.slice(1);
      if (kind === 'insert') return before + inserted + after;
      if (kind === 'replace') return before + inserted + after.slice(1);
      if (kind === 'delete') return before + after.slice(Math.min(length, 3));
      if (kind === 'repeat') return before + after.slice(0, length) + after;
      return before;
    }, text),
  );
}
