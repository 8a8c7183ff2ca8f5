import { describe, expect, it } from 'vitest';
import { FlowIndex } from '../../src/lab/flow-index.ts';
import { WireCounts } from '../../src/lab/wire-counts.ts';
import { flag, segment, type PacketFields } from './segments.ts';

const { fin, syn, rst, ack, psh } = flag;
type Sent = Partial<PacketFields>;

function counted(packets: readonly Sent[], counts = new WireCounts()): WireCounts {
  for (const sent of packets) counts.count(sent.from ?? 'client', segment(sent), 40 + (sent.payload ?? 0));
  return counts;
}

const client = (fields: Sent): Sent => ({ from: 'client', ...fields });
const server = (fields: Sent): Sent => ({ from: 'server', ...fields });

/** One request and response of 10 bytes each; the client's numbers begin at 100, the server's at 500. */
const handshake = [
  client({ flags: syn, seq: 100 }),
  server({ flags: syn | ack, seq: 500, ack: 101 }),
  client({ flags: ack, seq: 101, ack: 501 }),
];
const exchange = [
  client({ flags: psh | ack, seq: 101, ack: 501, payload: 10 }),
  server({ flags: psh | ack, seq: 501, ack: 111, payload: 10 }),
];
const closing = [
  server({ flags: fin | ack, seq: 511, ack: 111 }),
  client({ flags: fin | ack, seq: 111, ack: 512 }),
  server({ flags: ack, seq: 512, ack: 112 }),
];

describe('WireCounts', () => {
  it('counts a connection', () => {
    const counts = counted([...handshake, ...exchange, ...closing]);
    expect(counts.fromClient).toEqual({
      packets: 4,
      bytes: 170,
      syn: 1,
      synAck: 0,
      fin: 1,
      rst: 0,
      pureAck: 1,
      retransmitted: 0,
    });
    expect(counts.fromServer).toEqual({
      packets: 4,
      bytes: 170,
      syn: 0,
      synAck: 1,
      fin: 1,
      rst: 0,
      pureAck: 1,
      retransmitted: 0,
    });
    expect(counts).toMatchObject({ flows: 1, firstFinByClient: 0, firstFinByServer: 1, resetFlows: 0 });
  });

  it.each<[string, Sent[], Sent[], { client: number; server: number }]>([
    ['a SYN', [], [client({ flags: syn, seq: 100 })], { client: 1, server: 0 }],
    ['a SYN-ACK', [], [server({ flags: syn | ack, seq: 500, ack: 101 })], { client: 0, server: 1 }],
    ['data', exchange, [client({ flags: ack, seq: 101, payload: 10 })], { client: 1, server: 0 }],
    ['data with more behind it', exchange, [client({ flags: ack, seq: 106, payload: 10 })], { client: 1, server: 0 }],
    ['the last byte', exchange, [server({ flags: ack, seq: 510, payload: 1 })], { client: 0, server: 1 }],
    ['a FIN', [...exchange, ...closing], [server({ flags: fin | ack, seq: 511 })], { client: 0, server: 1 }],
    ['data with a new FIN', exchange, [client({ flags: fin | ack, seq: 101, payload: 10 })], { client: 1, server: 0 }],
  ])('sees that %s is sent again', (_name, before, again, retransmitted) => {
    const counts = counted([...handshake, ...before, ...again]);
    expect({ client: counts.fromClient.retransmitted, server: counts.fromServer.retransmitted }).toEqual(retransmitted);
    expect(counts.flows).toBe(1);
  });

  it.each<[string, Sent[]]>([
    ['new data', [client({ flags: ack, seq: 111, payload: 10 })]],
    ['data after a gap', [client({ flags: ack, seq: 200, payload: 10 })]],
    ['a keepalive probe', [client({ flags: ack, seq: 110 })]],
    ['an ACK of old', [server({ flags: ack, seq: 501, ack: 101 })]],
    ['a RST', [client({ flags: rst, seq: 101 })]],
  ])('does not take %s for sent again', (_name, packets) => {
    const counts = counted([...handshake, ...exchange, ...packets]);
    expect([counts.fromClient.retransmitted, counts.fromServer.retransmitted]).toEqual([0, 0]);
  });

  it('remembers how far a side has come though it sends again from further back', () => {
    const parts = [101, 111, 101, 111].map((seq) => client({ flags: ack, seq, payload: 10 }));
    expect(counted([...handshake, ...parts]).fromClient.retransmitted).toBe(2);
  });

  it('knows what comes after 2^32', () => {
    const counts = counted([
      client({ flags: syn, seq: 0xfffffffa }),
      client({ flags: ack, seq: 0xfffffffb, payload: 10 }),
      client({ flags: ack, seq: 5, payload: 10 }),
    ]);
    expect(counts.fromClient.retransmitted).toBe(0);
    expect(counted([client({ flags: ack, seq: 0xfffffffb, payload: 10 })], counts).fromClient.retransmitted).toBe(1);
  });

  it('takes a new initial sequence number on known ports for a new flow', () => {
    const second = [client({ flags: syn, seq: 9000 }), server({ flags: syn | ack, seq: 20, ack: 9001 })];
    const counts = counted([...handshake, ...exchange, ...closing, ...second, client({ flags: fin | ack, seq: 9001 })]);
    expect(counts).toMatchObject({ flows: 2, firstFinByClient: 1, firstFinByServer: 1 });
    expect([counts.fromClient.retransmitted, counts.fromServer.retransmitted]).toEqual([0, 0]);
  });

  it('counts no flow of the server', () => {
    expect(counted([server({ flags: syn, seq: 1 })])).toMatchObject({ flows: 0, fromServer: { syn: 1 } });
  });

  it.each<[string, Sent[], { resetFlows: number; firstFinByClient: number; firstFinByServer: number }]>([
    ['RST alone', [client({ flags: rst, seq: 101 })], { resetFlows: 1, firstFinByClient: 0, firstFinByServer: 0 }],
    [
      'two RSTs',
      [client({ flags: rst, seq: 101 }), server({ flags: rst, seq: 501 })],
      { resetFlows: 1, firstFinByClient: 0, firstFinByServer: 0 },
    ],
    [
      'FIN, then RST',
      [client({ flags: fin | ack, seq: 101 }), server({ flags: rst, seq: 501 })],
      { resetFlows: 0, firstFinByClient: 1, firstFinByServer: 0 },
    ],
    [
      'RST, crossed by a FIN',
      [client({ flags: rst, seq: 101 }), server({ flags: fin | ack, seq: 501 })],
      { resetFlows: 0, firstFinByClient: 0, firstFinByServer: 1 },
    ],
  ])('tells how a flow ended: %s', (_name, packets, expected) => {
    expect(counted([...handshake, ...packets])).toMatchObject(expected);
  });

  it('leaves a RST without a flow alone', () => {
    expect(counted([client({ flags: rst, seq: 5 })])).toMatchObject({ resetFlows: 0, fromClient: { rst: 1 } });
  });

  it('stays right over more flows than it has places, one after the other', () => {
    const counts = new WireCounts(new FlowIndex(8));
    for (let flow = 0; flow < 5000; flow++) {
      const ports = { clientPort: 1024 + flow, serverPort: 80 };
      counted(
        [...handshake, ...exchange, ...closing].map((sent) => ({ ...sent, ...ports })),
        counts,
      );
    }
    expect(counts).toMatchObject({ flows: 5000, firstFinByClient: 0, firstFinByServer: 5000, resetFlows: 0 });
    expect([counts.fromClient.retransmitted, counts.fromServer.retransmitted]).toEqual([0, 0]);
  });

  it('keeps the same ports of two client addresses apart, at the same time', () => {
    const counts = new WireCounts();
    for (const sent of [...handshake, ...exchange, ...closing]) {
      counted(
        [1, 3].map((clientHost) => ({ ...sent, clientHost })),
        counts,
      );
    }
    expect(counts).toMatchObject({ flows: 2, firstFinByServer: 2, firstFinByClient: 0 });
    expect([counts.fromClient.retransmitted, counts.fromServer.retransmitted]).toEqual([0, 0]);
  });

  it('keeps all client ports of one server port apart', () => {
    const counts = new WireCounts();
    for (const sent of [...handshake, ...exchange, ...closing]) {
      for (let clientPort = 1; clientPort < 65_536; clientPort++) counted([{ ...sent, clientPort }], counts);
    }
    expect(counts).toMatchObject({ flows: 65_535, firstFinByServer: 65_535, fromClient: { retransmitted: 0 } });
  });
});
