import type { HelloFacts } from '../ports/devices.ts';
import { type Device, type DeviceKey, helloMilliseconds, maxStockKeys } from './device.ts';
import type { Enrolment } from './enrolment.ts';
import { labelOf } from './label.ts';
import type { Service } from './service.ts';

/** A device that nobody has heard of or changed yet. */
export const newDevice = (id: string): Device => ({
  id,
  label: labelOf(id),
  services: [],
  stockKeys: [],
  hostKeys: [],
  attributes: {},
  frozen: false,
});

/** Hellos count in the order of the broker's time, and not more often than every `helloMilliseconds`. */
export const mayHello = (row: Device | undefined, at: number): boolean =>
  row?.helloAt === undefined || at - row.helloAt >= helloMilliseconds;

/** Brokers deliver at least once, and a write is repeated when its answer got lost: the same hello again is a success. */
export const isSameHello = (row: Device, facts: HelloFacts): boolean =>
  row.helloAt === facts.at &&
  (facts.stock ? row.stockKeys : [row.sessionKey]).some((key) => key?.fingerprint === facts.key.fingerprint);

export const helloed = (row: Device, facts: HelloFacts): Device => ({
  ...withHostKeys(facts.stock ? withStockKey(row, facts.key) : withSessionKey(row, facts.key), facts.hostKeys),
  clientId: facts.clientId,
  agentVersion: facts.agentVersion,
  services: facts.services,
  helloAt: facts.at,
});

/** The same key again moves nothing: the one before stays good for a session that still uses it. */
const withSessionKey = (row: Device, key: DeviceKey): Device => {
  if (row.sessionKey?.fingerprint === key.fingerprint) return row;
  return { ...row, sessionKey: key, ...(row.sessionKey === undefined ? {} : { previousKey: row.sessionKey }) };
};

/** The newest few: the device itself vouches for them over its own connection. */
const withStockKey = (row: Device, key: DeviceKey): Device =>
  row.stockKeys.some(({ fingerprint }) => fingerprint === key.fingerprint)
    ? row
    : { ...row, stockKeys: [...row.stockKeys, key].slice(-maxStockKeys) };

const same = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((key) => other.includes(key));

/** Pinned at the first hello that names any. Others wait for an administrator; the pinned ones again end that wait. */
const withHostKeys = (row: Device, hostKeys: readonly string[]): Device => {
  if (hostKeys.length === 0) return row;
  if (row.hostKeys.length === 0) return { ...row, hostKeys };
  const { pendingHostKeys: _pending, ...rest } = row;
  return same(row.hostKeys, hostKeys) ? rest : { ...rest, pendingHostKeys: hostKeys };
};

/** What an administrator may change; a given list or map replaces the old one. */
export type DeviceChanges = {
  readonly attributes?: Readonly<Record<string, string>>;
  readonly stockKeys?: readonly DeviceKey[];
  readonly services?: readonly Service[];
  readonly acceptHostKeys?: boolean;
  readonly frozen?: boolean;
  /** Null takes the leave away. */
  readonly enrolment?: Enrolment | null;
  /** All keys, the agent's and those of stock clients: it must say hello again. */
  readonly forgetKeys?: boolean;
};

const withPendingAccepted = (row: Device): Device => {
  const { pendingHostKeys, ...rest } = row;
  return pendingHostKeys === undefined ? row : { ...rest, hostKeys: pendingHostKeys };
};

const withoutKeys = (row: Device): Device => {
  const { sessionKey: _current, previousKey: _previous, ...rest } = row;
  return { ...rest, stockKeys: [] };
};

const withEnrolment = (row: Device, enrolment: Enrolment | null): Device => {
  const { enrolment: _before, ...rest } = row;
  return enrolment === null ? rest : { ...rest, enrolment };
};

export const changedDevice = (row: Device, changes: DeviceChanges): Device => {
  const { acceptHostKeys, attributes, stockKeys, services, frozen, enrolment, forgetKeys } = changes;
  const accepted = acceptHostKeys === true ? withPendingAccepted(row) : row;
  const kept = forgetKeys === true ? withoutKeys(accepted) : accepted;
  return {
    ...(enrolment === undefined ? kept : withEnrolment(kept, enrolment)),
    ...(attributes === undefined ? {} : { attributes }),
    ...(stockKeys === undefined ? {} : { stockKeys }),
    ...(services === undefined ? {} : { services }),
    ...(frozen === undefined ? {} : { frozen }),
  };
};
