import type { DeviceView } from '../../core/wire/device-view.ts';
import type { Api } from './api.ts';

/** Every device that the deployment knows, in order of id, page by page. */
export const eachDevice = async function* (api: Api, prefix: string | undefined): AsyncGenerator<DeviceView> {
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({
      limit: '100',
      ...(prefix === undefined ? {} : { prefix }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    const page = await api.call<{ devices: readonly DeviceView[]; cursor?: string }>('GET', `/v1/devices?${query}`);
    yield* page.devices;
    cursor = page.cursor;
  } while (cursor !== undefined);
};

/**
 * `heard`: said hello within the time asked for. `quiet`: did once, not since. `silent`: never, though it is known or
 * expected. `frozen`: nobody gets in, whatever it said.
 */
export type Heard = 'heard' | 'quiet' | 'silent' | 'frozen';

export const heardOf = ({ frozen, helloAt }: Pick<DeviceView, 'frozen' | 'helloAt'>, since: number): Heard => {
  if (frozen) return 'frozen';
  if (helloAt === undefined) return 'silent';
  return Date.parse(helloAt) >= since ? 'heard' : 'quiet';
};
