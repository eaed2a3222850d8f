import { type ClaimDecisions, claimDecisions } from '../../../adapters/memory/port-claims.ts';
import { type TunnelDecisions, tunnelDecisions } from '../../../adapters/memory/tunnels.ts';
import { restMilliseconds } from '../../../core/model/port-claim.ts';
import { dueAt } from '../../../core/model/tunnel.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { noon } from '../../support/rows.ts';
import { checkSchedules, findViolation, runsOf } from '../../support/schedules.ts';

type Decisions = TunnelDecisions & ClaimDecisions;
const right: Decisions = { ...tunnelDecisions, ...claimDecisions };

test('under random schedules the ledger keeps every promise', async () => {
  const runs = runsOf(10_000);
  const reached = await checkSchedules(runs, () => ({ store: createMemoryStore(), begin: noon }));
  // That all of it happens, and often, is what makes the silence mean something.
  for (const what of ['take', 'takeover', 'new owner', 'interrupt', 'confirm', 'extend', 'close', 'connect'] as const)
    expect({ what, often: (reached.get(what) ?? 0) > runs.count / 50 }).toEqual({ what, often: true });
}, 180_000);

/** What each condition is for: without it, some schedule breaks a promise, and the suite finds one. */
const faults: readonly (readonly [name: string, decisions: Partial<Decisions>, broken: readonly string[]])[] = [
  [
    'no end check',
    { mayTake: (row, take, now): row is never => right.mayTake(row, take, row ? dueAt(row) - 1 : now) },
    ['a tunnel that had ended is taken', 'a closed tunnel changes'],
  ],
  [
    'no epoch',
    { mayTake: (row, take, now): row is never => right.mayTake(row, { ...take, epoch: row?.epoch ?? 0 }, now) },
    ['a stale take overwrites a newer holder'],
  ],
  [
    'no rest',
    {
      mayClaim: (row, tunnel, now) =>
        right.mayClaim(row && { ...row, restUntil: row.restUntil - restMilliseconds }, tunnel, now),
    },
    ['an address answers for another tunnel within its rest', 'a claim is lost while its address must rest'],
  ],
  [
    'no holder check',
    {
      mayConfirm: (row, device, _serverId, now): row is never =>
        right.mayConfirm(row, device, row?.holder?.serverId ?? '', now),
    },
    ['a relay that is not the holder is confirmed'],
  ],
  [
    '>= for >: the very moment of the end still counts as life',
    { mayTake: (row, take, now): row is never => right.mayTake(row, take, row && now === dueAt(row) ? now - 1 : now) },
    ['a tunnel that had ended is taken'],
  ],
  [
    'an interrupt at any epoch',
    { mayInterrupt: (row, _epoch): row is never => right.mayInterrupt(row, row?.epoch ?? 0) },
    ['a stale relay interrupts a newer holder'],
  ],
  [
    'a close at any epoch',
    { mayClose: (row, { whenDue }, now): row is never => right.mayClose(row, { whenDue: whenDue === true }, now) },
    ['a stale writer closes a newer holder'],
  ],
  [
    'a close as due of what was extended',
    { mayClose: (row, fence, now): row is never => right.mayClose(row, { ...fence, whenDue: false }, now) },
    ['a tunnel is closed as due before its time'],
  ],
  [
    'a take under a claim for an earlier end',
    { mayTake: (row, take, now): row is never => right.mayTake(row, { ...take, endsAt: Infinity }, now) },
    ["a live tunnel's claim ends before its rest"],
  ],
  [
    'a change at any epoch, that misses the first take',
    { mayChange: (row, now): row is never => right.mayChange(row, now) },
    ["a live tunnel's claim ends before its rest"],
  ],
  [
    'a change after the end',
    { mayChange: (row, now, atEpoch): row is never => right.mayChange(row, row ? dueAt(row) - 1 : now, atEpoch) },
    ['a tunnel that had ended is extended', 'a closed tunnel changes'],
  ],
];

test.each(faults)(
  'the schedules find the fault: %s',
  async (_name, decisions, broken) => {
    const open = () => ({ store: createMemoryStore(decisions), begin: noon });
    const violation = await findViolation(runsOf(10_000), open);
    expect(broken).toContain(violation?.broken);
  },
  180_000,
);
