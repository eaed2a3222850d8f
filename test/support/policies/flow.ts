import { enrol } from '../../../local/system/local-device.ts';
import { mustCall } from '../../../local/system/local-operator.ts';
import type { TestSystem } from '../system.ts';
import { type Stage, setStage } from './actors.ts';
import { apiSteps, crewGrant } from './api-steps.ts';
import { careSteps } from './care-steps.ts';
import { mqttSteps, sayHello } from './device-steps.ts';
import { fleetSteps } from './fleet-steps.ts';
import { hostKeySteps } from './host-key-steps.ts';
import { identitySteps } from './identity-steps.ts';
import { processSteps } from './process-steps.ts';
import type { Step } from './step.ts';
import { runWhole } from './trial.ts';

/** What is counted by what a step used. */
export interface Counted {
  readonly label: string;
  readonly uses: () => number;
}

export interface Flow<Permission extends Counted> {
  readonly stage: Stage;
  /** The steps that used a permission, the best to show its want first. */
  stepsOf(permission: Permission): readonly Step[];
  step(name: string): Step;
  close(): Promise<void>;
}

/** Runs the whole flow once, and keeps what each step used. */
export async function runFlow<Permission extends Counted>(
  system: TestSystem,
  permissions: readonly Permission[],
): Promise<Flow<Permission>> {
  await mustCall(system.ada, 'POST', '/v1/grants', crewGrant);
  const device = await system.device('Pump:9');
  const absent = await enrol(system, 'absent-1');
  await sayHello(system, absent);
  const stage = await setStage(system, device, absent.id);
  const users = new Map<Permission, Step[]>();
  const times = new Map<Step, number>();
  const note = (permission: Permission, step: Step) =>
    void users.set(permission, [...(users.get(permission) ?? []), step]);
  const kinds = [apiSteps, mqttSteps, processSteps, careSteps, hostKeySteps, identitySteps, fleetSteps];
  const steps = kinds.flatMap((stepsFor) => stepsFor(stage));
  for (const step of steps) {
    let before: readonly number[] = [];
    const milliseconds = await runWhole(step, {
      begin: () => {
        before = permissions.map((one) => one.uses());
      },
      end: async () => {
        await system.plane.functions.settled();
        for (const [index, permission] of permissions.entries())
          if (permission.uses() > (before[index] ?? 0)) note(permission, step);
      },
    });
    times.set(step, milliseconds);
  }
  const rank = (label: string, step: Step) => (step.shows?.test(label) ? -1 : (times.get(step) ?? 0));
  return {
    stage,
    stepsOf: (permission) =>
      [...(users.get(permission) ?? [])].sort(
        (one, other) => rank(permission.label, one) - rank(permission.label, other),
      ),
    step(name) {
      const found = steps.find((one) => one.name === name);
      if (found === undefined) throw new Error(`no step is called: ${name}`);
      return found;
    },
    close: () => stage.close(),
  };
}
