/** The certificates of a run verify by their own authority, for the addresses that servers have, and for nothing else. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { certificatesOfRun, createCertificates } from '../../src/lab/certificates.ts';
import { serverAddress } from '../../src/lab/messages.ts';

describe.each(['ecdsa', 'rsa'] as const)('%s', (kind) => {
  test('a leaf for both addresses, by an authority that may do nothing else', async () => {
    const { caPem, certPem, keyPem } = await createCertificates(kind);
    const authority = new X509Certificate(caPem);
    const leaf = new X509Certificate(certPem);
    expect(authority.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(authority)).toBe(true);
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(leaf.subjectAltName).toBe(`IP Address:127.0.0.1, IP Address:${serverAddress}`);
    expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(leaf.checkIP('127.0.0.2')).toBeUndefined();
    expect(leaf.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
    expect(authority.checkPrivateKey(createPrivateKey(keyPem))).toBe(false);
    const { asymmetricKeyType, asymmetricKeyDetails } = leaf.publicKey;
    if (kind === 'rsa') expect([asymmetricKeyType, asymmetricKeyDetails?.modulusLength]).toEqual(['rsa', 2048]);
    else expect([asymmetricKeyType, asymmetricKeyDetails?.namedCurve]).toEqual(['ec', 'prime256v1']);
    expect(Date.parse(leaf.validFrom)).toBeLessThan(Date.now() - 3600e3);
    expect(Date.parse(leaf.validTo)).toBeGreaterThan(Date.now() + 300 * 24 * 3600e3);
  });
});

test('a run has one of each kind, and two runs differ', async () => {
  const run = certificatesOfRun();
  expect(await run('ecdsa')).toBe(await run('ecdsa'));
  expect((await certificatesOfRun()('ecdsa')).caPem).not.toBe((await run('ecdsa')).caPem);
});
