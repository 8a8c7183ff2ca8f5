/** The tally of connections: sums, the peak, live figures, and connections with very many requests. */
import { describe, expect, it } from 'vitest';
import { createLiveCounts, OPEN_CONNECTIONS } from '../../src/clients/live.ts';
import { clientCloseReasons } from '../../src/clients/observations.ts';
import { ConnectionLedger } from '../../src/clients/reference/ledger.ts';

describe('ConnectionLedger', () => {
  it('reports zeros for a worker that opened nothing', () => {
    expect(new ConnectionLedger(createLiveCounts()).report()).toEqual({
      attempted: 0,
      notAttempted: 0,
      opened: 0,
      connectFailed: 0,
      peakOpen: 0,
      closesByReason: Object.fromEntries(clientCloseReasons.map((reason) => [reason, 0])),
      firstCloser: { client: 0, server: 0, reset: 0 },
      teardown: 0,
      resetsReceived: 0,
      resetsSent: 0,
      requestsPerConnection: {},
    });
  });

  it('keeps the peak, and what is open in the live figures', () => {
    const live = createLiveCounts();
    const ledger = new ConnectionLedger(live);
    for (let count = 0; count < 3; count++) ledger.established();
    ledger.closed('serverFin', 'server', 1);
    ledger.closed('maxRequests', 'client', 1);
    ledger.established();
    expect([ledger.open, live[OPEN_CONNECTIONS], ledger.report().peakOpen]).toEqual([2, 2, 3]);
    ledger.closed('teardown', 'teardown', 0);
    ledger.closed('serverReset', 'reset', 2);
    expect([ledger.open, live[OPEN_CONNECTIONS]]).toEqual([0, 0]);
    expect(ledger.report()).toMatchObject({
      opened: 4,
      closesByReason: { serverFin: 1, maxRequests: 1, teardown: 1, serverReset: 1, timeout: 0 },
      firstCloser: { client: 1, server: 1, reset: 1 },
      teardown: 1,
      requestsPerConnection: { 0: 1, 1: 2, 2: 1 },
    });
  });

  it('counts connections with few and with very many requests alike', () => {
    const ledger = new ConnectionLedger(createLiveCounts());
    const uses = [0, 4095, 4096, 4096, 1_000_000];
    for (const answered of uses) {
      ledger.established();
      ledger.closed('teardown', 'teardown', answered);
    }
    expect(ledger.report().requestsPerConnection).toEqual({ 0: 1, 4095: 1, 4096: 2, 1000000: 1 });
  });
});
