import { publicLines } from '../model/key-rotation.ts';
import type { Clock } from '../ports/clock.ts';
import type { HostKeyPair, HostKeySet, HostKeyStore, PinStore } from '../ports/host-key-store.ts';
import type { PinSet } from '../ports/pins.ts';

export type HostKeyPorts = {
  readonly relayKeys: HostKeyStore;
  readonly routerKeys: HostKeyStore;
  readonly pins: PinStore;
  readonly makeHostKeyPairs: () => Promise<readonly HostKeyPair[]>;
  readonly clock: Pick<Clock, 'now'>;
};

/**
 * Fills the secrets of host keys that are empty. Keys that are there stay: devices and people have pinned them. Pins that
 * are there stay too, for during a rotation they name old and new; only ones that no key of now answers to are added to.
 */
export const fillHostKeys = async (ports: HostKeyPorts): Promise<void> => {
  const [relayKeys] = await Promise.all([filled(ports, ports.relayKeys), filled(ports, ports.routerKeys)]);
  const pinned = await ports.pins.read();
  const lines = pinned?.lines ?? [];
  const missing = publicLines(relayKeys.keys).filter((line) => !lines.includes(line));
  // After the keys: a failure between the two is mended by the next run.
  if (missing.length > 0) await ports.pins.write(newerPins(pinned, [...lines, ...missing], ports.clock.now()));
};

/** Larger than the version before even where a clock went back, and than that of a secret that was lost. */
export const newerPins = (before: PinSet | undefined, lines: readonly string[], now: number): PinSet => ({
  version: Math.max((before?.version ?? 0) + 1, now),
  lines,
});

const filled = async (ports: HostKeyPorts, store: HostKeyStore): Promise<HostKeySet> => {
  const standing = await store.read();
  if (standing !== undefined) return standing;
  const made = { keys: await ports.makeHostKeyPairs(), since: ports.clock.now() };
  await store.write(made);
  return made;
};
