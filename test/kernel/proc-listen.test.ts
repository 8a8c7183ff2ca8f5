import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isHeldBy, listenersOn, parseListeners } from '../../src/kernel/proc-listen.ts';

const heading = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (local: string, state: string, inode: number): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`;

describe('parseListeners', () => {
  it.each([
    ['0100007F', '127.0.0.1'],
    ['00000000', '0.0.0.0'],
    ['010012C6', '198.18.0.1'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000001000000', '0:0:0:0:0:0:0:1'],
    ['0000000000000000FFFF00000100007F', '127.0.0.1'],
    ['B80D01200000000000000000FE0F0000', '2001:db8:0:0:0:0:0:ffe'],
  ])('reads the address %s as %s', (hex, address) => {
    const text = heading + line(`${hex}:1F90`, '0A', 77);
    const inode = '77';
    expect(parseListeners(text, 8080)).toEqual({ listeners: [{ address, inode }], hasMore: true });
    expect(parseListeners(text, 8081).listeners).toEqual([]);
  });

  it('ends at the first socket that does not listen, and leaves a cut line for later', () => {
    const listening = heading + line('0100007F:0050', '0A', 1);
    expect(parseListeners(listening + line('0100007F:0050', '0A', 2).slice(0, 30), 80).listeners).toHaveLength(1);
    const more = listening + line('0100007F:0050', '01', 2) + line('0100007F:0050', '0A', 3);
    expect(parseListeners(more, 80)).toEqual({ listeners: [{ address: '127.0.0.1', inode: '1' }], hasMore: false });
  });
});

describe.skipIf(process.platform !== 'linux')('listenersOn (Linux)', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
  ])('finds who listens on %s', async (host, address) => {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const [listener, ...others] = listenersOn(port);
    expect(others).toEqual([]);
    expect(listener?.address).toBe(address);
    expect(isHeldBy(listener!.inode, [process.pid])).toBe(true);
    expect(isHeldBy(listener!.inode, [process.ppid, 2 ** 22 + 1])).toBe(false);
    server.close();
    await once(server, 'close');
    expect(listenersOn(port, process.pid)).toEqual([]);
  });

  it('throws where there is no such process', () => {
    expect(() => listenersOn(1, 2 ** 22 + 1)).toThrow('ENOENT');
  });
});
