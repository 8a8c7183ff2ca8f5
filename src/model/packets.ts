/** How many packets a request costs on the link: from as few as the protocol needs to as many as acknowledge each segment by itself. */
import type { TrialConfig } from '../scenario/config.ts';
import type { TrialRecord } from '../results/record.ts';
import { isBundled } from './endings.ts';
import { isMultiplexed } from './loads.ts';
import { assumption, type Theory } from './prediction.ts';
import { segmentsOf } from './slow-start.ts';
import { responseBytes, requestBytes } from './sizes.ts';
import { figureOf, nothingFailed } from './trial-facts.ts';
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
  const data = segmentsOf(requestBytes(config.load.request)) + segmentsOf(responseBytes(config.server.response));
  return {
    name: 'packets per request',
    metric: 'link.packetsPerRequest',
    predicted: {
      low: data + opened * (handshakePackets + closePackets.least),
      high: 2 * data + opened * (handshakePackets + closePackets.most),
    },
    formula:
      'opened per request (measured) x (3 to open + 2 to 4 to close) + segments of request and response, each with an ACK of its own or without',
    source: 'RFC 9293 sections 3.5 and 3.6; RFC 9293 section 3.8.6.3 for delayed acknowledgements',
    assumptions: [
      nothingFailed(config, record),
      assumption(
        'nothing is sent twice',
        link.retransmits + link.duplicated === 0,
        `${link.retransmits} retransmitted, ${link.duplicated} doubled`,
      ),
      assumption(
        'TCP sends no keepalive probes',
        config.strategy.tcp.keepAliveMs === null ? true : null,
        keepAliveText(config),
      ),
    ],
  };
}

function keepAliveText({ strategy }: TrialConfig): string {
  const { keepAliveMs } = strategy.tcp;
  return keepAliveMs === null ? 'strategy.tcp.keepAlive is off' : `after ${keepAliveMs / 1000} s without data`;
}
