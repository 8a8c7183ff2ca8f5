/** Which local addresses connections start from: those of loopback by count, elsewhere those that the host really has. */
import { describe, expect, it } from 'vitest';
import { sourceAddresses } from '../../src/clients/source-addresses.ts';
import { openLoad, trialConfig } from './trial-config.ts';

const towards = (host: string, sources?: number): readonly string[] =>
  sourceAddresses({
    config: trialConfig(openLoad(), { tcp: sources === undefined ? {} : { sourceAddresses: sources } }),
    host,
  });

describe('sourceAddresses', () => {
  it('are none where the scenario asks for none', () => {
    expect(towards('127.0.0.1')).toEqual([]);
  });

  it('begin with 127.0.0.1 on the loopback network', () => {
    expect(towards('127.0.0.1', 3)).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
    expect(towards('127.0.0.1', 257).slice(254)).toEqual(['127.0.0.255', '127.0.1.0', '127.0.1.1']);
  });

  it('elsewhere need to be there', () => {
    // TEST-NET-3 (RFC 5737) is nobody's network.
    expect(() => towards('203.0.113.1', 2)).toThrow(
      'tcp.sourceAddresses: 2 are asked for, and this host has 0 towards 203.0.113.1',
    );
  });
});
