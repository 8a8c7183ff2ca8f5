/** The task of a worker thread: all that takes time, or can be wrong, comes before it is ready. */
import { expect, it, vi } from 'vitest';
import { createLiveCounts } from '../../src/clients/live.ts';
import { clientNamed } from '../../src/clients/registry.ts';
import { gateBytes, GO, READY, START_NS } from '../../src/generator/task.ts';
import runShare from '../../src/generator/worker.ts';
import { openLoad, trialConfig } from '../clients/trial-config.ts';

const task = (path: string): Parameters<typeof runShare>[0] => ({
  config: trialConfig(openLoad({ request: { method: 'GET', path } })),
  host: '127.0.0.1',
  port: 1,
  seed: 1,
  worker: 0,
  workers: 1,
  live: createLiveCounts(),
  gate: new SharedArrayBuffer(gateBytes),
});

it('is not ready with a request that cannot be sent', async () => {
  const broken = task('/a b');
  await expect(runShare(broken)).rejects.toThrow('not a path');
  expect(new Int32Array(broken.gate)[READY]).toBe(0);
});

it('prepares, says that it is ready, and begins when it is told', async () => {
  const steps: string[] = [];
  const given = task('/');
  const flags = new Int32Array(given.gate);
  // The gate stands open already: a worker that waited would block this thread.
  new Float64Array(given.gate)[START_NS] = 12_345;
  Atomics.store(flags, GO, 1);
  const prepare = vi.spyOn(clientNamed('reference'), 'prepare').mockImplementation(() => {
    steps.push(`prepared, ${flags[READY]!} ready`);
    return {
      run: (startNs) => {
        steps.push(`begun at ${startNs}, ${flags[READY]!} ready`);
        return Promise.reject(new Error('no load'));
      },
    };
  });
  try {
    await expect(runShare(given)).rejects.toThrow('no load');
  } finally {
    prepare.mockRestore();
  }
  expect(steps).toEqual(['prepared, 0 ready', 'begun at 12345, 1 ready']);
});
