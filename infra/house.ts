/** Where our processes listen, and for how long things last: decided once, for every profile. */

/** Above 1023, because the processes are not root; the front door shows the well-known ports. */
export const ports = {
  /** Devices, bare SSH. */
  relay: 2222,
  /** Devices that came by TLS, handed on by the router of the same instance behind a PROXY header. */
  wrapped: 2223,
  /** Routers, at a relay. */
  door: 7022,
  /** Operators: the first bytes tell SSH, TLS and HTTP apart. */
  router: 8443,
} as const;

/** Health and metrics, on loopback only. Host networking shares it, so two processes of one instance need two ports. */
export const adminPorts = { relay: 9464, router: 9465 } as const;

/** What the internet sees, and which of our ports stands behind each. */
export const frontPorts = {
  relay: [443],
  router: [443, 22, 80],
} as const satisfies Record<string, readonly number[]>;

/**
 * For about two minutes after deregistration a balancer still sends new flows (its zones learn of it one after the
 * other): whoever is stopped goes on listening that long.
 */
export const lingerSeconds = 150;

/**
 * ECS waits the deregistration delay out before it tells the process to stop. A relay should hear at once, for it has
 * sessions to move; a router has nothing to move and is best left alone while its balancer forgets it.
 */
export const deregistrationSeconds = { relay: 5, router: lingerSeconds } as const;

/**
 * Both ends of ours send a keepalive each minute or oftener; this is for the ends that are not ours. AWS takes 60 to
 * 6000 for a balancer's flow, and has 350 as default both there and for tracked connections of newer instances.
 */
export const idleSeconds = 3_600;

/** `small`: after that an instance with the day's machine image takes its place. */
export const instanceDays = 30;

/** `standard`: the days of the month on which all instances are replaced by such, while nothing else is. */
export const renewalDays = { relay: 3, router: 10 } as const;
