import { publicLines } from '../model/key-rotation.ts';
import type { Clock } from '../ports/clock.ts';
import type { HostKeyPair, HostKeySet, HostKeyStore, PinStore } from '../ports/host-key-store.ts';
import type { PinSet } from '../ports/pins.ts';

type MakeKeyPairs = () => Promise<readonly HostKeyPair[]>;

export type HostKeyPorts = {
  readonly relayKeys: HostKeyStore;
  readonly routerKeys: HostKeyStore;
  readonly linkKeys: HostKeyStore;
  readonly anchorKeys: HostKeyStore;
  readonly pins: PinStore;
  readonly makeHostKeyPairs: MakeKeyPairs;
  readonly makeSigningKeyPairs: MakeKeyPairs;
  readonly clock: Pick<Clock, 'now'>;
};

/**
 * Fills the secrets of host keys, of the link key and of the anchor key that are empty. Keys that are there stay: devices and people have
 * pinned them, browsers hold what the link key signed, and copies are checked by the anchor key. Pins that are there stay too, for during a rotation they name old and new; only ones that no key of now answers to are added to.
 * Resolves to the public line of the anchor key that signs now.
 */
export const fillHostKeys = async (ports: HostKeyPorts): Promise<{ readonly anchorKey: string }> => {
  const { clock, makeHostKeyPairs, makeSigningKeyPairs } = ports;
  const [relayKeys, , , anchorKeys] = await Promise.all([
    filled(ports.relayKeys, makeHostKeyPairs, clock),
    filled(ports.routerKeys, makeHostKeyPairs, clock),
    filled(ports.linkKeys, makeSigningKeyPairs, clock),
    filled(ports.anchorKeys, makeSigningKeyPairs, clock),
  ]);
  const pinned = await ports.pins.read();
  const lines = pinned?.lines ?? [];
  const missing = publicLines(relayKeys.keys).filter((line) => !lines.includes(line));
  // After the keys: a failure between the two is mended by the next run.
  if (missing.length > 0) await ports.pins.write(newerPins(pinned, [...lines, ...missing], clock.now()));
  return { anchorKey: publicLines(anchorKeys.keys)[0] ?? '' };
};

/** Larger than the version before even where a clock went back, and than that of a secret that was lost. */
export const newerPins = (before: PinSet | undefined, lines: readonly string[], now: number): PinSet => ({
  version: Math.max((before?.version ?? 0) + 1, now),
  lines,
});

const filled = async (store: HostKeyStore, make: MakeKeyPairs, clock: Pick<Clock, 'now'>): Promise<HostKeySet> => {
  const standing = await store.read();
  if (standing !== undefined) return standing;
  const made = { keys: await make(), since: clock.now() };
  await store.write(made);
  return made;
};
