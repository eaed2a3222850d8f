import type { INetworkLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';

/** What a name of the proxy domain points at: a balancer's alias records, or plain addresses. */
export type FrontDoor =
  | { readonly kind: 'balancer'; readonly balancer: INetworkLoadBalancer }
  | { readonly kind: 'addresses'; readonly ipv4: readonly string[] };

/** Where devices and where operators arrive. On `small` the same addresses. */
export type FrontDoors = { readonly relay: FrontDoor; readonly router: FrontDoor };

/** A door's host where there is no domain to name it: the balancer's own name, or the first address. */
export const hostOf = (door: FrontDoor): string => {
  if (door.kind === 'balancer') return door.balancer.loadBalancerDnsName;
  const [first] = door.ipv4;
  if (first === undefined) throw new Error('a front door has no address');
  return first;
};
