import * as z from 'zod';
import { rotationPace } from '../core/model/key-rotation.ts';
import type { HostKeyPorts } from '../core/use-cases/fill-host-keys.ts';
import { hastes, rotateHostKeys } from '../core/use-cases/rotate-host-keys.ts';
import { parse } from '../core/wire/parse.ts';
import { eventHandler } from './edge/event.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

const kinds = ['relay', 'router'] as const;
/** What EventBridge sends each hour has neither; a person names what is to be rotated and how fast. */
const eventSchema = z.object({ of: z.enum(kinds).optional(), haste: z.enum(hastes).default('scheduled') });

/** Each hour, and when somebody asks. Answers how far each rotation is. */
export const respond = async (ports: EdgePorts & HostKeyPorts, event: unknown): Promise<unknown> => {
  const { of, haste } = parse(eventSchema, event);
  const { hub, clock, makeHostKeyPairs, relayKeys, routerKeys, pins } = ports;
  const shared = { hub, clock, makeHostKeyPairs };
  const rotations = {
    relay: { ...shared, keys: relayKeys, pins },
    router: { ...shared, keys: routerKeys },
  };
  const phases: Record<string, unknown> = {};
  for (const kind of kinds)
    if (of === undefined || of === kind)
      phases[kind] = (await rotateHostKeys(rotations[kind], { of: kind, pace: rotationPace, haste })) ?? 'empty';
  return phases;
};

export const handler = eventHandler(
  wiring.wire(() => ({ ...wiring.edge('rotate-host-keys', wiring.auditLog()), ...wiring.hostKeys() })),
  respond,
);
