import type { Device } from './device.ts';
import { matchesPattern } from './pattern.ts';

/** Which operators or groups may reach which devices, services, for how long. None means no. */
export type Grant = {
  readonly id: string;
  /** `operator:<operator id>` or `group:<name>`. */
  readonly principal: string;
  /** A pattern of device ids, `*` for any run of characters. */
  readonly devices: string;
  /** Attributes that the device must have too, all of them. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Service names, or `*`. */
  readonly services: readonly string[];
  /** Logins that this grant is meant for; told to the operator. */
  readonly logins: readonly string[];
  /** The longest time to live of a tunnel, in seconds. */
  readonly maxSeconds: number;
  /** May ask for a port in the shared space. */
  readonly plainTcp: boolean;
  /** May put "everyone" on an allow list. */
  readonly everyone: boolean;
  readonly endsAt?: number;
  readonly createdAt: number;
  /** The administrator who made it. */
  readonly createdBy: string;
};

export const isLive = (grant: Grant, now: number): boolean => grant.endsAt === undefined || now < grant.endsAt;

const reaches = (grant: Grant, device: Device): boolean =>
  matchesPattern(grant.devices, device.id) &&
  Object.entries(grant.attributes).every(([name, value]) => device.attributes[name] === value);

const covers = (grant: Grant, service: string): boolean =>
  grant.services.some((granted) => granted === '*' || granted === service);

/** What all the grants together allow for one service of one device. */
export type Access =
  | {
      readonly allowed: true;
      readonly maxSeconds: number;
      readonly plainTcp: boolean;
      readonly everyone: boolean;
      readonly logins: readonly string[];
      /** The grants that said yes, for the audit record. */
      readonly grants: readonly string[];
    }
  /** `hidden`: no grant reaches the device at all, and the answer must be "not found". */
  | { readonly allowed: false; readonly hidden: boolean };

/** Pure: the grants of this operator's principals, one device, one service. Each yes counts whole; nothing is mixed into more. */
export const decideAccess = (grants: readonly Grant[], device: Device, service: string, now: number): Access => {
  const reaching = grants.filter((grant) => isLive(grant, now) && reaches(grant, device));
  const covering = reaching.filter((grant) => covers(grant, service));
  if (covering.length === 0) return { allowed: false, hidden: reaching.length === 0 };
  return {
    allowed: true,
    maxSeconds: Math.max(...covering.map((grant) => grant.maxSeconds)),
    plainTcp: covering.some((grant) => grant.plainTcp),
    everyone: covering.some((grant) => grant.everyone),
    logins: [...new Set(covering.flatMap((grant) => grant.logins))],
    grants: covering.map((grant) => grant.id),
  };
};

/** May this operator see the device at all? */
export const maySee = (grants: readonly Grant[], device: Device, now: number): boolean =>
  grants.some((grant) => isLive(grant, now) && reaches(grant, device));
