import type { Device } from '../model/device.ts';
import { labelOf } from '../model/label.ts';
import type { Scheme } from '../model/service.ts';

/**
 * Lines for a `known_hosts` file: the device's pinned SSH host keys under the names by which `ssh -J` reaches it. The
 * inner SSH is end to end, so these keys are the device's own and no part of the system could stand in for it.
 */
export const knownHostsOf = (
  device: Pick<Device, 'id' | 'hostKeys'>,
  options: { readonly domain: string; readonly scheme?: Scheme; readonly service?: string; readonly tunnel?: string },
): readonly string[] => {
  const { domain, service, tunnel } = options;
  if (options.scheme !== undefined && options.scheme !== 'ssh') return [];
  const label = labelOf(device.id);
  const names = [
    `${label}.${domain}`,
    ...(service === undefined ? [] : [`${service}--${label}.${domain}`]),
    ...(tunnel === undefined ? [] : [`t-${tunnel}.${domain}`]),
  ];
  return device.hostKeys.map((key) => `${names.join(',')} ${key}`);
};
