/**
 * What a trial observed of its own machinery, second by second and over measure: how busy generator, server and machine were. Times are
 * ms from the start of measure, negative in warm-up. Shares are 0..1 of wall time: 1 is a whole processor, or a whole loop.
 */
import { z } from 'zod';
import { amountSchema, countSchema, type DeepReadonly } from './values.ts';

const span = { startMs: z.number(), lengthMs: amountSchema };
const garbageCollection = { gcCount: countSchema, gcMs: amountSchema, gcLongestMs: amountSchema };

/** How a thread fared. Null where the kernel keeps no such account, or nobody could look. */
const thread = {
  /** It ran. */
  cpuShare: amountSchema.nullable(),
  /** It was ready to run and had no processor. */
  runDelayShare: amountSchema.nullable(),
};

const workerSecondSchema = z.object({
  ...span,
  /** Time in which the worker's loop did not wait for events. */
  occupancy: amountSchema,
  ...thread,
  ...garbageCollection,
});

const serverSecondSchema = z.object({
  ...span,
  /** Of its busiest thread. */
  ...thread,
  /** CPU time of the whole process, or process tree, over wall time: more than 1 with several threads. */
  processShare: amountSchema.nullable(),
});

const eventLoopSecondSchema = z.object({
  ...span,
  /** Time in which the event loop did not wait for events. */
  utilization: amountSchema,
  /** CPU time of the process over wall time. */
  cpuShare: amountSchema,
  /** How late the loop came to a timer every 10 ms; null where none came. */
  delayMeanMs: amountSchema.nullable(),
  delayP99Ms: amountSchema.nullable(),
  delayMaxMs: amountSchema.nullable(),
  ...garbageCollection,
});

const machineShares = {
  /** Of the time of all processors: taken by the hypervisor for other machines. */
  stealShare: amountSchema.nullable(),
  /** Of the time of all processors: used by processes that are not the trial's. */
  otherShare: amountSchema.nullable(),
  /** Of the time of all processors: nothing to do. */
  idleShare: amountSchema.nullable(),
  /** Of wall time: at least one thread of the machine was ready and had no processor (PSI). */
  pressureShare: amountSchema.nullable(),
};

const rateSecondSchema = z.object({
  ...span,
  /** By the load's own plan; null in the closed model and for a trace. */
  offeredPerSecond: amountSchema.nullable(),
  startedPerSecond: amountSchema,
  completedPerSecond: amountSchema,
});

export const selfCheckSchema = z.object({
  generator: z.object({
    /** Over measure, of the worker that fared worst in each. */
    occupancy: amountSchema.nullable(),
    ...thread,
    /** From ready to running, the mean over all the times it was given a processor. */
    meanWaitMs: amountSchema.nullable(),
    /** Of measure: pauses for garbage collection. */
    gcShare: amountSchema.nullable(),
    gcLongestMs: amountSchema.nullable(),
    /** One list a worker. */
    workers: z.array(z.array(workerSecondSchema)),
  }),
  server: z.object({
    /** Over measure, of its busiest thread. */
    ...thread,
    meanWaitMs: amountSchema.nullable(),
    gcShare: amountSchema.nullable(),
    gcLongestMs: amountSchema.nullable(),
    seconds: z.array(serverSecondSchema),
    /** What a Node server saw of itself; empty of others. */
    eventLoop: z.array(eventLoopSecondSchema),
  }),
  machine: z.object({
    processors: countSchema.nullable(),
    ...machineShares,
    /** Largest step of CLOCK_REALTIME against CLOCK_MONOTONIC, beyond slewing; it is read in whole ms. More: somebody set it, or the machine slept. */
    clockStepMs: amountSchema.nullable(),
    seconds: z.array(z.object({ ...span, ...machineShares })),
  }),
  rate: z.array(rateSecondSchema),
  connections: z.object({
    /** Connections that the load should have open at once; null where it decides that itself. */
    requested: countSchema.nullable(),
    peakOpen: countSchema.nullable(),
  }),
});
export type SelfCheckRecord = DeepReadonly<z.infer<typeof selfCheckSchema>>;
