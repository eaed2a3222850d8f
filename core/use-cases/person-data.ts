import type { AuditRecord } from '../model/audit-record.ts';
import type { Grant } from '../model/grant.ts';
import type { OperatorKey, SignIn } from '../model/operator.ts';
import type { Tunnel } from '../model/tunnel.ts';
import type { AuditReader } from '../ports/audit-log.ts';
import type { Grants } from '../ports/grants.ts';
import type { OperatorKeys } from '../ports/operator-keys.ts';
import type { Page } from '../ports/outcome.ts';
import type { Tunnels } from '../ports/tunnels.ts';
import { type GrantPorts, removeGrant } from './manage-grants.ts';
import { type KeyPorts, removeKey } from './operator-keys.ts';

export type PersonData = {
  readonly operator: string;
  readonly signIn: SignIn | undefined;
  readonly keys: readonly OperatorKey[];
  readonly grants: readonly Grant[];
  readonly tunnels: readonly Tunnel[];
  readonly audit: readonly AuditRecord[];
};

export type PersonPorts = {
  readonly operatorKeys: Pick<OperatorKeys, 'list' | 'signIn'>;
  readonly grants: Pick<Grants, 'of'>;
  readonly tunnels: Pick<Tunnels, 'listByOperator'>;
  readonly audit: Pick<AuditReader, 'byOperator'>;
};

const limit = 100;

/** All that is kept of one operator, in every table. Grants to groups are not a person's. */
export const personData = async (ports: PersonPorts, operator: string): Promise<PersonData> => ({
  operator,
  signIn: await ports.operatorKeys.signIn(operator),
  keys: await ports.operatorKeys.list(operator),
  grants: await ports.grants.of([`operator:${operator}`]),
  tunnels: await all((cursor) => ports.tunnels.listByOperator(operator, { limit, cursor })),
  audit: await all((cursor) => ports.audit.byOperator(operator, { limit, cursor })),
});

const all = async <Row>(list: (cursor: string | undefined) => Promise<Page<Row>>): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    rows.push(...page.rows);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return rows;
};

/**
 * Takes away what lets an operator in: keys and grants, each with its record and cut within seconds, as if they had been
 * removed one by one. Audit records stay as they are: they name nobody but by a hash, which means no one once the token
 * issuer has forgotten the person.
 */
export const forgetPerson = async (
  ports: Omit<KeyPorts, 'operatorKeys'> & GrantPorts & { readonly operatorKeys: KeyPorts['operatorKeys'] },
  person: Pick<PersonData, 'operator' | 'keys' | 'grants'>,
): Promise<void> => {
  const { operator, keys, grants } = person;
  for (const { fingerprint } of keys) await removeKey(ports, { operator, way: 'cli' }, fingerprint);
  for (const { principal, id } of grants)
    await removeGrant(ports, { administrator: operator, way: 'cli' }, { principal, id });
};
