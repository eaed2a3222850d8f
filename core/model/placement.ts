/**
 * Spreading devices over relays. A load balancer chooses by a hash of the flow and knows nothing of load, so relays level
 * it themselves: who has clearly more than its share sends new agents on and lets idle ones go.
 */

/** Above its share by so much a relay is crowded. */
const crowdedBy = 0.25;
/** It lets idle sessions go until it is within this, so that it does not stay at the brink. */
const levelBy = 0.1;
/** Differences of fewer sessions than this are chance. */
const least = 4;
/** Of its sessions a relay lets so much go in one tick of 5 s: 20 % in 100 s, without a storm of dials. */
const movedShare = 0.01;

/**
 * What each relay would hold if all held alike: the mean, or the median where that is less. The mean shows what a new and
 * empty relay should take over; the median is not moved by one relay that is far above.
 */
export const fairShare = (loads: readonly number[]): number => {
  if (loads.length === 0) return 0;
  const sorted = [...loads].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
  const mean = sorted.reduce((sum, load) => sum + load, 0) / sorted.length;
  return Math.min(median, mean);
};

export type Placement = {
  /** New agents are sent on. */
  readonly crowded: boolean;
  /** Idle sessions to let go of now. */
  readonly moving: number;
};

/** `others`: the sessions of each other relay that lives and does not drain. */
export const placementOf = (own: number, others: readonly number[]): Placement => {
  const fair = fairShare([own, ...others]);
  const above = own - fair;
  if (others.length === 0 || above < least) return { crowded: false, moving: 0 };
  const surplus = Math.floor(own - fair * (1 + levelBy));
  return { crowded: above > fair * crowdedBy, moving: Math.max(0, Math.min(surplus, Math.ceil(own * movedShare))) };
};

const agent = 'SallyportAgent_';
const insisting = '_insists';

/** How the agent names itself to relays (RFC 4253 section 4.2). */
export const agentSoftware = (version: string, insists: boolean): string =>
  `${agent}${version}${insists ? insisting : ''}`;

/** Our agent dials again at once; stock clients may not, and are never sent on. */
export const isAgent = (software: string): boolean => software.startsWith(agent);
export const mayBeSentOn = (software: string): boolean => isAgent(software) && !software.endsWith(insisting);
