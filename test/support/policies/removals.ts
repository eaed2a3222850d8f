import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { operatorPolicy } from '../../../core/use-cases/operator-policy.ts';
import { mutations } from '../../../local/iam/mutation.ts';
import type { UsageReport } from '../../../local/iam/usage.ts';
import type { TestSystem } from '../system.ts';
import { matchesAction, type Removal } from './trial.ts';

/** A removal, and where the ledger counts what it removes. */
export interface StoredRemoval extends Removal {
  readonly owner: string;
  /** How often the permission has allowed something. */
  readonly uses: () => number;
  /** Whether the report names the permission. */
  readonly isIn: (list: UsageReport['unused']) => boolean;
}

/** Each action of each allowing statement: of every role, of every resource and of the devices. */
export function storedRemovals({ plane }: TestSystem): readonly StoredRemoval[] {
  const { store, ledger, principals } = plane.policies;
  const arns = store.ownersOf('trust').map((owner) => owner.slice(owner.indexOf('arn:')));
  const arnOf = new Map(arns.map((arn) => [principals.role(arn)?.name, arn]));
  return (['identity', 'resource', 'iot'] as const).flatMap((kind) =>
    store.ownersOf(kind).flatMap((owner) => {
      const role = arnOf.get(owner) ?? '';
      const roleName = role.slice(role.lastIndexOf('/') + 1);
      const functions = plane.functions.all().filter(({ roleArn }) => roleArn === role);
      const processName = /(Relay|Router)TaskRole/.exec(owner)?.[1]?.toLowerCase();
      return [...mutations(store.documents(owner))].map(({ label, action, policy, statement, documents }) => {
        const one = store.policies(owner)?.[policy];
        // The CDK admits an API's routes one by one: those of one path, GET and POST, are alike.
        const differs = (document: unknown) => !isDeepStrictEqual(document, one?.document);
        return {
          owner,
          label: `${owner}, ${label}`,
          action,
          apply: () => store.replacePolicies(owner, kind === 'resource' ? documents.filter(differs) : documents),
          byClock: processName !== undefined,
          explains: (denial) => {
            if (!matchesAction(action, denial.action)) return false;
            if (kind === 'identity') return denial.caller.includes(`:assumed-role/${roleName}/`);
            return kind === 'iot' ? denial.caller.startsWith('client ') : denial.resource === owner;
          },
          isOf: (log, line) =>
            kind !== 'identity' ||
            functions.some(({ name }) => log === 'functions' && line.startsWith(name)) ||
            (processName !== undefined && log.startsWith(processName)),
          uses: () => (one === undefined ? 0 : ledger.uses(one, statement, action)),
          isIn: (list) =>
            list.some(
              (entry) =>
                entry.owner === owner &&
                entry.policy === policy &&
                entry.statement === statement &&
                entry.pattern === action,
            ),
        } satisfies StoredRemoval;
      });
    }),
  );
}

/**
 * Lets the operators' policy be changed, which the custom authorizer's function makes anew for each connection: what it
 * answers passes through a function of ours, which takes out one action while a file names it.
 */
export function operatorRemovals({ plane, directory }: TestSystem): readonly Removal[] {
  const spec = plane.functions.all().find(({ logicalId }) => logicalId.startsWith('FunctionsMqttAuthorizerFunction'));
  if (spec === undefined) throw new Error('the templates have no authorizer of operators');
  const without = join(directory, 'without-action');
  writeFileSync(without, '');
  const real = pathToFileURL(join(spec.directory, 'index.mjs')).href;
  const code = `
    import { readFileSync } from 'node:fs';
    import { handler as real } from ${JSON.stringify(real)};
    export const handler = async (event, context) => {
      const answer = await real(event, context);
      const without = readFileSync(${JSON.stringify(without)}, 'utf8');
      const keeps = ({ Action }) => !Action.includes(without);
      const reduced = (document) => ({ ...document, Statement: document.Statement.filter(keeps) });
      return { ...answer, policyDocuments: answer.policyDocuments.map(reduced) };
    };`;
  writeFileSync(join(directory, 'index.mjs'), code);
  plane.functions.add({ ...spec, directory });
  const { Statement } = operatorPolicy('o', 'arn:aws:iot:us-east-1:000000000000');
  return Statement.flatMap(({ Action }) => Action).map((action) => ({
    label: `an operator's policy without ${action}`,
    action,
    apply: () => {
      writeFileSync(without, action);
      return () => writeFileSync(without, '');
    },
    byClock: false,
    explains: (denial) => denial.action === action && /^client o[a-z2-7]{25}-\d$/.test(denial.caller),
    isOf: (log) => log === 'broker',
  }));
}
