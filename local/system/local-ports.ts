import { listen } from '../../net/listen.ts';

/** Where a local system listens, all on 127.0.0.1. 0 is any free port. */
export interface LocalPorts {
  readonly issuer: number;
  readonly jwtApi: number;
  readonly iamApi: number;
  readonly broker: number;
  /** The relays' load balancer, where devices arrive. */
  readonly relays: number;
  /** Where operators arrive: SSH and HTTPS. */
  readonly router: number;
}

export const anyPorts: LocalPorts = { issuer: 0, jwtApi: 0, iamApi: 0, broker: 0, relays: 0, router: 0 };

/** The same ports at every start, so that what was pasted yesterday works today. */
export const portsFrom = (base: number): LocalPorts => ({
  jwtApi: base + 100,
  iamApi: base + 101,
  issuer: base + 180,
  relays: base + 222,
  router: base + 443,
  broker: base + 883,
});

const purposes: Readonly<Record<keyof LocalPorts, string>> = {
  issuer: 'the token issuer',
  jwtApi: 'the API',
  iamApi: 'the API for IAM',
  broker: 'the MQTT broker',
  relays: 'the relays',
  router: 'the router',
};

/** @throws ListenError that names the first port that is taken, before anything was started */
export async function checkPorts(ports: LocalPorts): Promise<void> {
  for (const [name, port] of Object.entries(ports)) {
    const probe = await listen({
      host: '127.0.0.1',
      port,
      purpose: purposes[name as keyof LocalPorts],
      onConnection: (socket) => socket.destroy(),
    });
    await probe.close();
  }
}
