import type { EventHub } from '../events.ts';
import { nextRotationStep, type RotationPace, type RotationStep } from '../model/key-rotation.ts';
import type { Clock } from '../ports/clock.ts';
import type { HostKeyPair, HostKeySet, HostKeyStore, PinStore } from '../ports/host-key-store.ts';
import { newerPins } from './fill-host-keys.ts';

/**
 * `now` begins the next rotation without waiting for its day. `compromised` replaces keys that somebody else may have:
 * nothing waits, a successor that was made already is thrown away with them, for who could read one could read both.
 */
export const hastes = ['scheduled', 'now', 'compromised'] as const;
export type Haste = (typeof hastes)[number];

/** Who serves the keys: relays and routers show them to SSH clients, `link` signs links and cookies, `anchor` the anchors of audit copies. */
export const keyKinds = ['relay', 'router', 'link', 'anchor'] as const;
export type KeyKind = (typeof keyKinds)[number];

export type RotatePorts = {
  readonly keys: HostKeyStore;
  /** Where nobody pins the keys there is nothing to write. */
  readonly pins?: PinStore;
  readonly makeKeyPairs: () => Promise<readonly HostKeyPair[]>;
  readonly clock: Pick<Clock, 'now'>;
  readonly hub: EventHub;
};

/** A whole rotation without waits takes six steps. */
const maxSteps = 12;

const hurried = (pace: RotationPace, haste: Haste, begun: boolean): RotationPace => ({
  // One rotation a run.
  every: begun ? Number.POSITIVE_INFINITY : haste === 'scheduled' ? pace.every : 0,
  ...(haste === 'compromised' ? { announce: 0, overlap: 0 } : { announce: pace.announce, overlap: pace.overlap }),
});

/**
 * Goes on with the rotation of the keys of `of`, as far as it may go now. Each step is in the audit log before
 * it is taken. Two runs at once do no harm: before every switch the pins are read back in a later run. Throws
 * `unavailable` when a secret cannot be read or written, and `internal` when one holds something else than it should:
 * then everything stays as it is.
 */
export const rotateHostKeys = async (
  ports: RotatePorts,
  { of, pace, haste = 'scheduled' }: { readonly of: KeyKind; readonly pace: RotationPace; readonly haste?: Haste },
): Promise<Extract<RotationStep, { do: 'wait' }> | undefined> => {
  const { hub, clock } = ports;
  const standing = await ports.keys.read();
  if (standing === undefined) {
    hub.log('warn', 'host-keys.missing', { of });
    return undefined;
  }
  let pins = await ports.pins?.read();
  let set = standing;
  let begun = false;
  const record = async (step: string): Promise<void> => {
    await hub.changed({ action: 'host_keys', way: 'rotation', facts: { of, step, haste } });
    hub.metrics.count('host_key_steps', 1, { of, step });
  };
  if (haste === 'compromised' && set.next !== undefined) {
    set = withoutNext(set);
    await record('discarded');
    await ports.keys.write(set);
  }
  for (let steps = 0; steps < maxSteps; steps += 1) {
    const pinned = ports.pins === undefined ? undefined : (pins?.lines ?? []);
    const step = nextRotationStep(set, { pinned, pace: hurried(pace, haste, begun), now: clock.now() });
    if (step.do === 'wait') {
      hub.metrics.gauge('host_key_age_seconds', Math.round((clock.now() - set.since) / 1_000), { of });
      hub.log('info', 'host-keys.wait', { of, phase: step.phase, until: printable(step.until) });
      return step;
    }
    await record(step.do === 'keep' ? step.what : step.do === 'make' ? 'made' : 'pinned');
    if (step.do === 'pin') {
      pins = newerPins(pins, step.lines, clock.now());
      await ports.pins?.write(pins);
    } else {
      if (step.do === 'make') begun = true;
      set = step.do === 'make' ? { ...set, next: { keys: await ports.makeKeyPairs() } } : step.set;
      await ports.keys.write(set);
    }
  }
  throw new Error('a rotation that does not come to rest');
};

const withoutNext = ({ next: _next, ...rest }: HostKeySet): HostKeySet => rest;

const printable = (until: number): string => (Number.isFinite(until) ? new Date(until).toISOString() : 'the next run');
