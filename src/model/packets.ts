/** How many packets a request costs on the link: from as few as the protocol needs to as many as acknowledge each segment by itself. */
import type { TrialConfig } from '../scenario/config.ts';
import type { TrialRecord } from '../results/record.ts';
import { isBundled } from './endings.ts';
import { isMultiplexed } from './loads.ts';
import { assumption, type Theory } from './prediction.ts';
import { segmentsOf } from './slow-start.ts';
import { responseBytes, requestBytes } from './sizes.ts';
import { figureOf, nothingFailed, trialSeconds } from './trial-facts.ts';
import { derivedMetrics } from '../scenario/metrics.ts';

/** SYN, SYN-ACK, ACK. */
const handshakePackets = 3;
/** Two FINs and an ACK, the first FIN with the last data; to two FINs with an ACK each and none of them together. */
const closePackets = { least: 2, most: 4 };

/** Null outside a lab, with TLS, and where several requests share a connection at a time. */
export function packetsPerRequest(config: TrialConfig, record: TrialRecord): Theory | null {
  const opened = figureOf(record, derivedMetrics.openedPerRequest);
  const { link } = record;
  if (opened === null || link === null || !isBundled(config.server) || isMultiplexed(config)) return null;
  if (config.strategy.tls !== undefined || config.load.requests !== undefined) return null;
  const probes = probesPerConnection(config, record);
  const data = segmentsOf(requestBytes(config.load.request)) + segmentsOf(responseBytes(config.server.response));
  return {
    name: 'packets per request',
    metric: 'link.packetsPerRequest',
    predicted: {
      low: data + opened * (handshakePackets + closePackets.least),
      high: 2 * data + opened * (handshakePackets + closePackets.most + 2 * (probes ?? 0)),
    },
    formula: `opened per request (measured) x (3 to open + 2 to 4 to close${probesText(config, probes)}) + segments of request and response, each with an ACK of its own or without`,
    source:
      'RFC 9293 sections 3.5 and 3.6; RFC 9293 section 3.8.6.3 for delayed acknowledgements, 3.8.4 for keepalive probes',
    assumptions: [
      nothingFailed(config, record),
      assumption(
        'nothing is sent twice',
        link.retransmits + link.duplicated === 0,
        `${link.retransmits} retransmitted, ${link.duplicated} doubled`,
      ),
      ...(probes === null
        ? [assumption('TCP sends few keepalive probes', null, 'how long the trial took is not known')]
        : []),
    ],
  };
}

/** At most so many: each is answered, and the next comes after as long a silence. Null where the trial's length is not known. */
function probesPerConnection({ strategy }: TrialConfig, record: TrialRecord): number | null {
  const { keepAliveMs } = strategy.tcp;
  if (keepAliveMs === null) return 0;
  const seconds = trialSeconds(record);
  return seconds === null ? null : Math.floor((seconds * 1000) / keepAliveMs);
}

function probesText({ strategy }: TrialConfig, probes: number | null): string {
  const { keepAliveMs } = strategy.tcp;
  if (keepAliveMs === null || probes === 0) return '';
  return ` + at most ${probes ?? 'some'} probes with their ACKs, one for each ${keepAliveMs / 1000} s of silence`;
}
