import { describe, expect, it } from 'vitest';
import { FlowTable } from '../../src/lab/flow-table.ts';
import type { Side } from '../../src/lab/messages.ts';
import type { ForgottenFlow } from '../../src/scenario/config.ts';
import { flag, segment } from './segments.ts';

const { fin, syn, rst, ack } = flag;

/** Judges packets at given milliseconds with an idle timeout of 100 ms. */
function judged(then: ForgottenFlow, packets: readonly (readonly [ms: number, from: Side, flags: number])[]): string[] {
  const table = new FlowTable({ idleTimeoutMs: 100, then });
  return packets.map(([ms, from, flags]) => table.judge(from, segment({ from, flags }), ms * 1e6));
}

describe('FlowTable', () => {
  it('passes a flow for as long as packets of either side follow each other', () => {
    const packets = [
      [0, 'client', syn],
      [99, 'server', syn | ack],
      [198, 'client', ack],
      [297, 'server', fin | ack],
    ] as const;
    expect(judged('drop', packets)).toEqual(['pass', 'pass', 'pass', 'pass']);
  });

  it.each<[ForgottenFlow, string, string]>([
    ['drop', 'drop', 'drop'],
    ['reset', 'reset', 'reset'],
    ['refuse', 'reset', 'drop'],
  ])('%s: what becomes of a forgotten flow', (then, ofClient, ofServer) => {
    const packets = [
      [0, 'client', syn],
      [100, 'client', ack],
      [100, 'server', ack],
      [101, 'client', rst],
    ] as const;
    expect(judged(then, packets)).toEqual(['pass', ofClient, ofServer, 'drop']);
  });

  it('does not remember a flow again because of packets that it refused', () => {
    const packets = [
      [0, 'client', syn],
      [150, 'client', ack],
      [151, 'client', ack],
      [152, 'server', ack],
    ] as const;
    expect(judged('drop', packets)).toEqual(['pass', 'drop', 'drop', 'drop']);
  });

  it('knows the flow again after a SYN of the client', () => {
    const packets = [
      [0, 'client', syn],
      [500, 'client', syn],
      [501, 'server', syn | ack],
      [502, 'client', ack],
    ] as const;
    expect(judged('refuse', packets)).toEqual(['pass', 'pass', 'pass', 'pass']);
  });

  it('lets the server open nothing', () => {
    const packets = [
      [0, 'server', syn],
      [1, 'client', syn | ack],
    ] as const;
    expect(judged('refuse', packets)).toEqual(['drop', 'reset']);
  });

  it('tells flows apart by both ports', () => {
    const table = new FlowTable({ idleTimeoutMs: 100, then: 'drop' });
    expect(table.judge('client', segment({ flags: syn, clientPort: 5, serverPort: 80 }), 0)).toBe('pass');
    expect(table.judge('client', segment({ flags: ack, clientPort: 5, serverPort: 81 }), 1)).toBe('drop');
    expect(table.judge('client', segment({ flags: ack, clientPort: 6, serverPort: 80 }), 1)).toBe('drop');
    expect(table.judge('server', segment({ flags: ack, from: 'server', clientPort: 5, serverPort: 80 }), 1)).toBe(
      'pass',
    );
  });

  it('knows a flow by the address of its client, too', () => {
    const table = new FlowTable({ idleTimeoutMs: 100, then: 'drop' });
    expect(table.judge('client', segment({ flags: syn, clientHost: 1 }), 0)).toBe('pass');
    expect(table.judge('client', segment({ flags: ack, clientHost: 3 }), 1)).toBe('drop');
    expect(table.judge('server', segment({ from: 'server', flags: ack, clientHost: 1 }), 2)).toBe('pass');
  });
});
