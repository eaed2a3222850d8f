import type { Relays } from '../core/ports/relays.ts';
import { relayView } from '../core/wire/relay-view.ts';
import type { Call } from './edge/call.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

/** `GET /v1/relays` */
export const respond = async (
  ports: EdgePorts & { readonly relays: Pick<Relays, 'list' | 'sightings'> },
  _call: Call,
): Promise<Answer> => {
  const [relays, sightings] = await Promise.all([ports.relays.list(), ports.relays.sightings()]);
  const now = ports.clock.now();
  return {
    status: 200,
    body: { relays: relays.map((relay) => relayView(relay, sightings.get(relay.serverId), now)) },
  };
};

export const handler = httpHandler(
  wiring.wire(() => ({ ...wiring.edge('relay-list'), relays: wiring.relays() })),
  respond,
);
