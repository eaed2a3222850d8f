import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Peer } from './admission.ts';
import { certificatePrincipal } from './principal.ts';
import { type CertificateRegistry, certificateIdOf } from './registry.ts';

export interface ListenerOf {
  /** 0: any free port. */
  readonly port: number;
  readonly address: string;
  /** PEM. */
  readonly certificate: string;
  readonly privateKey: string;
  /** PEM: who signs device certificates. */
  readonly deviceAuthority: string;
  readonly registry: CertificateRegistry;
  readonly accept: (socket: TLSSocket, peer: Peer) => void;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** How long a TLS handshake may take. */
const HANDSHAKE_MS = 10_000;

/** How long peers may take to hear why before their sockets are destroyed. */
const FAREWELL_MS = 500;

/** TLS with client certificates, or without one for those who turn to a custom authorizer. */
export async function listen(of: ListenerOf): Promise<Listener> {
  const sockets = new Set<TLSSocket>();
  const server = createServer(
    {
      cert: of.certificate,
      key: of.privateKey,
      ca: of.deviceAuthority,
      requestCert: true,
      // Checked below: without a certificate a peer may still name an authorizer.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      handshakeTimeout: HANDSHAKE_MS,
      // AWS, "Device communication protocols": x-amzn-mqtt-ca for certificates on port 443, mqtt for authorizers.
      ALPNProtocols: ['x-amzn-mqtt-ca', 'mqtt'],
      // aws-crt and MQTT.js set none themselves; without it an answer to a message waits 44 ms or more for an ACK.
      noDelay: true,
    },
    (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      const peer = peerOf(socket, of.registry);
      if (peer === undefined) socket.destroy();
      else of.accept(socket, peer);
    },
  );
  // A failed handshake is the peer's affair; the server goes on.
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(of.port, of.address, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, FAREWELL_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** Who a peer proved to be. Undefined: its certificate is of another authority, unknown or not active. */
function peerOf(socket: TLSSocket, registry: CertificateRegistry): Peer | undefined {
  const { servername } = socket as TLSSocket & { readonly servername?: string | false };
  const peer = {
    sourceIp: socket.remoteAddress ?? '',
    ...(typeof servername === 'string' ? { serverName: servername } : {}),
  };
  const { raw, subject } = socket.getPeerCertificate();
  if (raw === undefined || socket.alpnProtocol === 'mqtt') return peer;
  if (!socket.authorized) return undefined;
  const certificateId = certificateIdOf(raw);
  if (registry.find(certificateId)?.active !== true) return undefined;
  const certificate = {
    certificateId,
    ...(typeof subject?.CN === 'string' ? { subjectCommonName: subject.CN } : {}),
  };
  return { ...peer, principal: certificatePrincipal(certificate, registry) };
}
