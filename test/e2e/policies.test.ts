import type { UsageReport } from '../../local/iam/usage.ts';
import { type Flow, runFlow } from '../support/policies/flow.ts';
import { operatorRemovals, type StoredRemoval, storedRemovals } from '../support/policies/removals.ts';
import { matchesAction, notMissed, type Removal, Trials } from '../support/policies/trial.ts';
import { reasonFor } from '../support/policies/unused.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { describeWith } from '../support/tools.ts';

// What the templates grant is what the code uses: the whole flow is run once, and then, permission by permission, the
// shortest of its steps that used it is run without it.

describeWith(['ssh', 'ssh-keygen', 'sshd'], 'the permissions of the templates', () => {
  let system: TestSystem;
  let ofOperators: readonly Removal[];
  let stored: readonly StoredRemoval[];
  let flow: Flow<StoredRemoval>;
  let report: UsageReport;
  let trials: Trials;

  beforeAll(async () => {
    system = await startTestSystem({ relayCount: 1 });
    const { ledger, store } = system.plane.policies;
    ofOperators = operatorRemovals(system);
    stored = storedRemovals(system);
    flow = await runFlow(system, stored);
    report = ledger.report(store.all());
    trials = new Trials(system);
  }, 240_000);
  afterAll(async () => {
    await trials?.settled();
    await flow?.close();
    await system?.stop();
  }, 60_000);

  test('suffice: the whole flow is refused nothing', () => {
    expect(system.plane.policies.ledger.denials().map(({ message }) => message)).toEqual([]);
  });

  test('have a reason each, where the flow never used them', () => {
    const unused = stored.filter((one) => one.isIn(report.unused));
    const lines = unused.map((one) => `  ${one.label}: ${reasonFor(one) ?? 'NO REASON'}\n`);
    process.stderr.write(`\n${lines.length} permissions are never used by the flow:\n${lines.join('')}`);
    expect(unused.filter((one) => reasonFor(one) === undefined).map(({ label }) => label)).toEqual([]);
    // Those of services that exist in the cloud only; the key's are CloudWatch's.
    const elsewhere = stored.filter((one) => one.isIn(report.unobserved)).map(({ action }) => action);
    expect(elsewhere.filter((action) => !/^(?:logs|ecr|kms):/.test(action))).toEqual([]);
  });

  test('let nobody read a whole table', () => {
    const actions = stored.filter(({ action }) => action.startsWith('dynamodb:') || action === '*');
    expect(actions.length).toBeGreaterThan(100);
    expect(actions.filter(({ action }) => matchesAction(action, 'dynamodb:Scan')).map(({ label }) => label)).toEqual(
      [],
    );
  });

  test('are missed each, by the step that needs it and for exactly that reason', async () => {
    const used = stored.filter((one) => !one.isIn(report.unused) && !one.isIn(report.unobserved));
    expect(used.length).toBeGreaterThan(150);
    const wrong: string[] = [];
    for (const removal of used) {
      let why: string | undefined = 'no step used it';
      for (const step of flow.stepsOf(removal).slice(0, 2)) {
        why = await trials.without(removal, step);
        if (why !== notMissed) break;
      }
      if (why !== undefined) wrong.push(`${removal.label}: ${why}`);
    }
    expect(wrong).toEqual([]);
  }, 300_000);

  test('of operators on the broker are missed each as well', async () => {
    const step = flow.step('request a tunnel by MQTT');
    expect(ofOperators.map(({ action }) => action)).toEqual([
      'iot:Connect',
      'iot:Publish',
      'iot:Subscribe',
      'iot:Receive',
    ]);
    for (const removal of ofOperators)
      expect([removal.label, await trials.without(removal, step)]).toEqual([removal.label, undefined]);
  });
});
