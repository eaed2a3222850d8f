import type { Enrolment } from './enrolment.ts';
import type { Service } from './service.ts';

/** A public key that a device may dial with. */
export type DeviceKey = {
  /** `SHA256:` and unpadded base-64, as ssh-keygen prints it. */
  readonly fingerprint: string;
  /** `<type> <base-64>` as in authorized_keys, without comment. */
  readonly publicKey: string;
  readonly addedAt: number;
};

export type Device = {
  /** The thing name. */
  readonly id: string;
  readonly label: string;
  /** Where commands go: the client id that hello announced. */
  readonly clientId?: string;
  readonly agentVersion?: string;
  readonly services: readonly Service[];
  /** The agent's session key and the one before it. */
  readonly sessionKey?: DeviceKey;
  readonly previousKey?: DeviceKey;
  /** Keys of stock clients, announced once over MQTT or set by an administrator. */
  readonly stockKeys: readonly DeviceKey[];
  /** The device's own SSH host keys, pinned at first hello. */
  readonly hostKeys: readonly string[];
  /** Host keys that differ from the pinned ones, until an administrator accepts them. */
  readonly pendingHostKeys?: readonly string[];
  /** The broker's time of the last hello that counted. */
  readonly helloAt?: number;
  /** Set by administrators only; grants may match on them. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Nobody gets in and the device cannot dial while this is set. */
  readonly frozen: boolean;
  /** Leave to come by fleet provisioning, given by an administrator. */
  readonly enrolment?: Enrolment;
};

/** The keys that may authenticate a device's SSH session now. */
export const keysOf = (device: Device): readonly DeviceKey[] =>
  [device.sessionKey, device.previousKey, ...device.stockKeys].filter((key) => key !== undefined);

/** One hello in 10 s is enough for a device that works; more is a fault or an attack. */
export const helloMilliseconds = 10_000;
export const helloBytes = 8_192;
export const maxServices = 32;
export const maxStockKeys = 4;
export const maxAttributes = 20;
