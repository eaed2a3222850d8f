import type { Device, DeviceKey } from '../model/device.ts';
import type { DeviceChanges } from '../model/device-hello.ts';
import type { EnrolmentFacts, EnrolmentRefusal } from '../model/enrolment.ts';
import type { Service } from '../model/service.ts';
import type { Outcome, Page, PageRequest } from './outcome.ts';

export type HelloFacts = {
  readonly clientId: string;
  readonly agentVersion: string;
  readonly services: readonly Service[];
  /** The key to make current; the one before becomes previous. A stock client's key goes to `stockKeys` instead. */
  readonly key: DeviceKey;
  readonly stock: boolean;
  /** Pinned when the device has none; a difference becomes `pendingHostKeys`. */
  readonly hostKeys: readonly string[];
  /** The broker's time in milliseconds. */
  readonly at: number;
};

export type Devices = {
  get(id: string): Promise<Device | undefined>;
  getByLabel(label: string): Promise<Device | undefined>;
  /** Applies a hello when no hello counted in the last `helloMilliseconds`, creating the row when absent. Touches no index key after the first. */
  hello(id: string, facts: HelloFacts): Promise<Outcome<Device, 'too_soon'>>;
  /** An administrator's change; creates the row when absent. A given list or map replaces the old one. */
  change(id: string, changes: DeviceChanges): Promise<Device>;
  /** Takes the leave that an administrator gave, for one certificate, or says why not. Creates no row. */
  takeEnrolment(id: string, facts: EnrolmentFacts): Promise<Outcome<Device, EnrolmentRefusal>>;
  /** In order of id. `attribute` and `prefix` may not be given together. */
  list(
    page: PageRequest & {
      readonly prefix?: string;
      readonly attribute?: { readonly name: string; readonly value: string };
    },
  ): Promise<Page<Device>>;
};
