/** The certificates of a run: an authority of its own, and what it issues to the server. Keys stay in memory. */
import { X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';
import { serverAddress } from './messages.ts';

export type CertificateKind = 'ecdsa' | 'rsa';

/** PEM texts. */
export interface Certificates {
  /** By which a client verifies the server. */
  readonly caPem: string;
  readonly certPem: string;
  /** The server's private key: for the server's process, and for no record and no log. */
  readonly keyPem: string;
}

const dayMs = 24 * 3600 * 1000;
/** Longer than any run, and it covers clocks that differ. */
const validDays = 365;

/**
 * An authority and a certificate that it issued for 127.0.0.1 and the server of a lab: keys on P-256, or RSA of 2048 bits. The authority's
 * own key is not kept, so that nothing can be issued in its name later. Takes some ten milliseconds, with RSA some hundred.
 */
export async function createCertificates(kind: CertificateKind): Promise<Certificates> {
  const options = {
    ...(kind === 'ecdsa'
      ? { keyType: 'ec' as const, curve: 'P-256' as const }
      : { keyType: 'rsa' as const, keySize: 2048 }),
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - dayMs),
    notAfterDate: new Date(Date.now() + validDays * dayMs),
  };
  const authority = await generate(named('connbench run'), {
    ...options,
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  const leaf = await generate(named('connbench server'), {
    ...options,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: kind === 'rsa', critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: ['127.0.0.1', serverAddress].map((ip) => ({ type: 7, ip })) },
    ],
  });
  if (!new X509Certificate(leaf.cert).verify(new X509Certificate(authority.cert).publicKey)) {
    throw new Error('the certificate of the server does not verify by its own authority');
  }
  return { caPem: authority.cert, certPem: leaf.cert, keyPem: leaf.private };
}

function named(commonName: string): { name: string; value: string }[] {
  return [{ name: 'commonName', value: commonName }];
}

/** Certificates of one run, made when they are first asked for. */
export function certificatesOfRun(): (kind: CertificateKind) => Promise<Certificates> {
  const made = new Map<CertificateKind, Promise<Certificates>>();
  return (kind) => {
    const known = made.get(kind) ?? createCertificates(kind);
    made.set(kind, known);
    return known;
  };
}
