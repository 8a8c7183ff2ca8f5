/** The part `network` of the scenario format: where a trial runs, and the emulated link between the two hosts of a lab. */
import { z } from 'zod';
import { bandwidth, choice, duration, knobs, percent, size, word } from './knobs.ts';
import { quote } from './problem.ts';
import { sysctlsSchema } from './sysctls.ts';

const linkTime = (description: string): ReturnType<typeof duration> =>
  duration({ description, max: 60_000, because: 'TCP gives up on a link slower than that' });

const middleboxMap = knobs({
  idleTimeout: duration({
    description: 'Time without packets after which a flow is forgotten.',
    min: 1,
    max: 24 * 3600 * 1000,
    because: 'a day is the longest time that connbench counts',
  }),
  then: choice({
    description:
      'What becomes of packets of a forgotten flow. drop: they vanish. reset: their sender gets a RST. refuse: like a NAT, nothing passes either way until the client opens anew; the client gets a RST, the server silence.',
    words: ['drop', 'reset', 'refuse'],
  }),
});

export const networkSchema = knobs({
  mode: choice({
    description:
      'lab: two hosts in namespaces of their own, joined by an emulated link. host: this machine as it is. auto: a lab where the machine allows one.',
    words: ['lab', 'host', 'auto'],
  }),
  rtt: linkTime('Round-trip time that the link adds, half of it each way.'),
  jitter: linkTime('Each packet is late by up to this much more, without overtaking.'),
  bandwidth: bandwidth({
    description: 'Capacity of the link in each direction.',
    words: [['unlimited']],
    min: 1000,
    max: 1e12,
  }),
  queue: size({
    description: 'Bytes that may wait for the bandwidth in each direction; more is dropped.',
    min: 1500,
    max: 1e9,
    because: 'the link keeps the packets in memory',
  }),
  loss: percent({ description: 'Packets that are lost.' }),
  reorder: percent({ description: 'Packets that overtake the ones before them.' }),
  duplicate: percent({ description: 'Packets that arrive twice.' }),
  congestionControl: word(
    "Congestion control of both hosts; default: the system's own.",
    /^[a-z0-9_-]{1,15}$/,
    'the name of a congestion control such as cubic, reno or bbr, or default',
  ),
  middlebox: z
    .union([z.literal('off'), middleboxMap], {
      error: ({ input }) => `must be off or { idleTimeout: ..., then: drop }, not ${quote(input)}`,
    })
    .describe('A firewall or NAT on the way that forgets idle flows.'),
  sysctls: knobs({
    client: sysctlsSchema.describe("Sysctls of the client's host."),
    server: sysctlsSchema.describe("Sysctls of the server's host."),
  }),
});
