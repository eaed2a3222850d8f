import type { HostKeyPair, HostKeyStore, PinStore } from '../ports/host-key-store.ts';

export type HostKeyPorts = {
  readonly relayKeys: HostKeyStore;
  readonly routerKeys: HostKeyStore;
  readonly pins: PinStore;
  readonly makeHostKeyPairs: () => Promise<readonly HostKeyPair[]>;
};

/**
 * Fills the secrets of host keys that are empty. Keys that are there stay: devices and people have pinned them. Pins that
 * are there stay too, for during a rotation they name old and new; only ones that no key of now answers to are added to.
 */
export const fillHostKeys = async (ports: HostKeyPorts): Promise<void> => {
  const [relayKeys] = await Promise.all([filled(ports, ports.relayKeys), filled(ports, ports.routerKeys)]);
  const pinned = (await ports.pins.read()) ?? [];
  const missing = relayKeys.map((key) => key.public).filter((line) => !pinned.includes(line));
  // After the keys: a failure between the two is mended by the next run.
  if (missing.length > 0) await ports.pins.write([...pinned, ...missing]);
};

const filled = async (ports: HostKeyPorts, store: HostKeyStore): Promise<readonly HostKeyPair[]> => {
  const standing = await store.read();
  if (standing !== undefined) return standing;
  const made = await ports.makeHostKeyPairs();
  await store.write(made);
  return made;
};
