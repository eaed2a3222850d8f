import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { toBase32 } from '../model/base32.ts';
import type { Grant } from '../model/grant.ts';
import { grantIdPattern, newGrantId } from '../model/ids.ts';
import type { Changes } from '../ports/changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { Grants } from '../ports/grants.ts';
import type { Random } from '../ports/random.ts';
import type { GrantRequest } from '../wire/api.ts';
import { type GrantView, grantView } from '../wire/grant-view.ts';
import { recordChange } from './record-change.ts';
import { recordNarrowing } from './record-narrowing.ts';

export type GrantPorts = {
  readonly grants: Pick<Grants, 'get' | 'put' | 'remove'>;
  readonly changes: Pick<Changes, 'append'>;
  readonly hub: EventHub;
  readonly clock: Clock;
  readonly random: Random;
};

type Asking = { readonly administrator: string; readonly way: string; readonly source?: string | undefined };

/**
 * Makes a grant. An idempotency key gives the grant its id, so that the same request again finds it and answers it; with
 * other content it is `idempotency_conflict`.
 */
export const makeGrant = async (
  ports: GrantPorts,
  asking: Asking,
  given: { readonly request: GrantRequest; readonly idempotencyKey?: string | undefined },
): Promise<GrantView> => {
  const { request, idempotencyKey } = given;
  const { administrator, way, source } = asking;
  const { endsAt, ...wanted } = request;
  const end = endsAt === undefined ? {} : { endsAt: Date.parse(endsAt) };
  const id = idempotencyKey === undefined ? newGrantId(ports.random) : idOfKey(administrator, idempotencyKey);
  const grant: Grant = { ...wanted, id, ...end, createdAt: ports.clock.now(), createdBy: administrator };
  const standing = idempotencyKey === undefined ? undefined : await ports.grants.get(grant.principal, id);
  if (standing !== undefined) {
    if (contentOf(standing) !== contentOf(grant)) throw new SallyportError('idempotency_conflict');
    return grantView(standing);
  }
  const facts = { grant: id, principal: grant.principal, content: contentOf(grant) };
  await recordChange(ports.hub, { action: 'grant.make', operator: administrator, way, source, facts });
  await ports.grants.put(grant);
  return grantView(grant);
};

/** Takes a grant away. What came in by it is decided anew and cut within seconds. Throws `not_found`. */
export const removeGrant = async (
  ports: GrantPorts,
  asking: Asking,
  { principal, id }: { readonly principal: string; readonly id: string },
): Promise<void> => {
  const { administrator, way, source } = asking;
  if (!grantIdPattern.test(id))
    throw new SallyportError('invalid_request', { pointer: '/id', detail: 'not a grant id' });
  const grant = await ports.grants.get(principal, id);
  if (grant === undefined) throw new SallyportError('not_found');
  const facts = { grant: id, principal };
  await recordNarrowing(ports.hub, { action: 'grant.remove', operator: administrator, way, source, facts });
  await ports.grants.remove(principal, id);
  await ports.changes.append({ kind: 'grant_narrowed', principal }, ports.clock.now());
};

const idOfKey = (administrator: string, key: string): string =>
  toBase32(createHash('sha256').update(`${administrator}\n${key}`).digest()).slice(0, 16);

const contentOf = ({ id: _id, createdAt: _createdAt, createdBy: _createdBy, ...content }: Grant): string =>
  canonicalize(content) ?? '';
