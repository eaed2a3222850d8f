import type { EventHub } from '../core/events.ts';
import type { Change } from '../core/model/change.ts';
import type { Devices } from '../core/ports/devices.ts';
import { findDeviceKey } from './device-login.ts';
import type { Forwards } from './forwards.ts';
import type { TunnelKeeper } from './tunnel-keeper.ts';

/** Cuts what a change has taken the right from: streams and sessions alike, within a second of reading it. */
export const createChangeHandler = (options: {
  readonly forwards: Forwards;
  readonly keeper: TunnelKeeper;
  readonly devices: Devices;
  readonly hub: EventHub;
}) => {
  const { forwards, keeper, hub } = options;

  const checkSessions = async (id: string): Promise<void> => {
    const sessions = forwards.sessionsOf(id);
    if (sessions.length === 0) return;
    const device = await options.devices.get(id);
    for (const session of sessions)
      if (findDeviceKey(device, session.fingerprint) === undefined) session.end('this key may not dial any more');
  };

  const apply = async (change: Change): Promise<void> => {
    switch (change.kind) {
      case 'tunnel_closed': {
        const forward = forwards.get(change.tunnel);
        return forward === undefined ? undefined : keeper.letGo(forward, change.reason);
      }
      case 'tunnel_changed': {
        const forward = forwards.get(change.tunnel);
        return forward === undefined ? undefined : keeper.look(forward);
      }
      case 'device_frozen':
      case 'device_keys':
        return checkSessions(change.device);
      case 'watched':
        return hub.watch(change.subject, change.until);
      default:
        return undefined;
    }
  };

  return (change: Change): void => {
    apply(change).catch((error: unknown) =>
      hub.log('error', 'change.failed', { kind: change.kind, error: error instanceof Error ? error.name : 'unknown' }),
    );
  };
};
