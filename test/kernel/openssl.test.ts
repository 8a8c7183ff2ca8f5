/** Codes for what TLS refuses, and contexts from PEM. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createClientContext, createServerContext } from '../../src/kernel/openssl-context.ts';
import { certificateCode, tlsCode } from '../../src/kernel/openssl-errors.ts';
import { loadOpenSsl, requireOpenSsl } from '../../src/kernel/openssl.ts';
import { type Certificates, createCertificates } from '../../src/lab/certificates.ts';

const loaded = loadOpenSsl();

describe('codes', () => {
  it.each([
    ['certificate has expired', 'CERT_HAS_EXPIRED'],
    ['IP address mismatch', 'CERT_IP_ADDRESS_MISMATCH'],
    ['unable to get local issuer certificate', 'CERT_UNABLE_TO_GET_LOCAL_ISSUER_CERTIFICATE'],
    ['self-signed certificate', 'CERT_SELF_SIGNED_CERTIFICATE'],
    ['self-signed certificate in certificate chain', 'CERT_SELF_SIGNED_CERTIFICATE_IN_CERTIFICATE_CHAIN'],
  ])('%s -> %s', (words, code) => {
    expect(certificateCode(words)).toBe(code);
  });

  it.each([
    ['wrong version number', 'TLS_WRONG_VERSION_NUMBER'],
    ['tlsv1 alert protocol version', 'TLS_ALERT_PROTOCOL_VERSION'],
    ['sslv3 alert handshake failure', 'TLS_ALERT_HANDSHAKE_FAILURE'],
    ['tlsv13 alert certificate required', 'TLS_ALERT_CERTIFICATE_REQUIRED'],
    ['decryption failed or bad record mac', 'TLS_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'],
  ])('%s -> %s', (words, code) => {
    expect(tlsCode(words)).toBe(code);
  });
});

describe.skipIf(!loaded.ok)('contexts', () => {
  let ecdsa: Certificates;
  let rsa: Certificates;
  beforeAll(async () => {
    [ecdsa, rsa] = await Promise.all([createCertificates('ecdsa'), createCertificates('rsa')]);
  });
  const client = { version: '1.3', host: '127.0.0.1' } as const;
  const server = { sessionTickets: true, earlyDataBytes: 0 };

  it('are made of PEM with several certificates, and leave no error behind', () => {
    const both = `${ecdsa.caPem}\n${rsa.caPem}`;
    const contexts = [
      createClientContext({ ...client, caPem: both }),
      createServerContext({ ...server, certPem: `${ecdsa.certPem}\n${ecdsa.caPem}`, keyPem: ecdsa.keyPem }),
      createServerContext({ ...server, certPem: rsa.certPem, keyPem: rsa.keyPem }),
    ];
    expect(contexts.every((address) => address > 0)).toBe(true);
    const { ERR_peek_error, SSL_CTX_free } = requireOpenSsl();
    expect(ERR_peek_error()).toBe(0);
    for (const context of contexts) SSL_CTX_free(context);
  });

  it('say what is wrong with PEM, and with an address', () => {
    expect(() => createClientContext({ ...client, caPem: 'nothing' })).toThrow('the PEM holds no certificate');
    expect(() => createClientContext({ ...client, caPem: ecdsa.caPem, host: 'localhost' })).toThrow(
      'not an IP address',
    );
    const { certPem } = ecdsa;
    for (const keyPem of [rsa.keyPem, certPem, '']) {
      expect(() => createServerContext({ ...server, certPem, keyPem })).toThrow('no private key');
    }
    expect(requireOpenSsl().ERR_peek_error()).toBe(0);
  });
});
