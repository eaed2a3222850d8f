import { randomUUID } from 'node:crypto';
import { CustomResources } from '../../../local/system/custom-resources.ts';
import type { Stage } from './actors.ts';
import { recycle } from './api-steps.ts';
import type { Step } from './step.ts';

/** What the functions do that make and rotate SSH host keys. */
export const hostKeySteps = (stage: Stage): readonly Step[] => {
  const { secrets, functions } = stage.system.plane;

  /** Runs such a function, and puts the keys of before back: relays and devices go on with those. */
  const withKeys = (
    name: string,
    logicalId: string,
    work: { readonly before?: (put: (value: string) => void) => void; readonly run: (arn: string) => Promise<unknown> },
  ): Step => ({
    name,
    ready: async () => {
      const maker = functions.all().find((one) => one.logicalId.startsWith(logicalId));
      const ids = Object.entries(maker?.environment ?? {}).flatMap(([variable, arn]) =>
        variable.endsWith('_SECRET') ? [arn] : [],
      );
      const put = (id: string, value: string) => secrets.put(secrets.get(id), randomUUID(), { value, binary: false });
      const values = ids.map((id) => [id, secrets.version(secrets.get(id), {}).value] as const);
      for (const id of ids) work.before?.((value) => put(id, value));
      let working: Promise<unknown> = Promise.resolve();
      return {
        act: async () => {
          working = work.run(maker?.arn ?? '');
          await working;
        },
        after: async () => {
          // One key may still be in the making when the other has failed: it must not come after the old ones are back.
          await working.catch(() => undefined);
          await recycle(stage, logicalId);
          for (const [id, value] of values) put(id, value);
        },
      };
    },
  });

  return [
    withKeys('host keys are made', 'FunctionsHostKeysFunction', {
      // What CloudFormation fills a new secret with.
      before: (put) => put('a random word'),
      run: (serviceToken) => {
        const resources = new CustomResources({ invoke: (arn, payload) => functions.invoke(arn, payload) });
        const properties = { ServiceToken: serviceToken };
        return resources.make({ stack: 'test', type: 'Custom::HostKeys', logicalId: 'Keys', serviceToken, properties });
      },
    }),
    withKeys('a rotation of host keys is begun', 'FunctionsRotateHostKeysFunction', {
      run: async (arn) => {
        const outcome = await functions.invoke(arn, JSON.stringify({ haste: 'now' }));
        if (outcome.kind === 'failure') throw new Error(outcome.error.errorMessage);
      },
    }),
  ];
};
