import * as z from 'zod';
import { anchorRotationPace, linkRotationPace, rotationPace } from '../core/model/key-rotation.ts';
import { fillHostKeys, type HostKeyPorts } from '../core/use-cases/fill-host-keys.ts';
import { hastes, keyKinds, rotateHostKeys } from '../core/use-cases/rotate-host-keys.ts';
import { parse } from '../core/wire/parse.ts';
import { eventHandler } from './edge/event.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

/** What EventBridge sends each hour has neither; a person names what is to be rotated and how fast. */
const eventSchema = z.object({
  of: z.enum(keyKinds).optional(),
  haste: z.enum(hastes).default('scheduled'),
  /** First makes keys for secrets that are empty: CloudFormation has that done when a stage begins, and not again. */
  fill: z.boolean().default(false),
});

/** Each hour, and when somebody asks. Answers how far each rotation is. */
export const respond = async (ports: EdgePorts & HostKeyPorts, event: unknown): Promise<unknown> => {
  const { of, haste, fill } = parse(eventSchema, event);
  const { hub, clock, makeHostKeyPairs, makeSigningKeyPairs, relayKeys, routerKeys, linkKeys, anchorKeys, pins } =
    ports;
  const hostKeys = { hub, clock, makeKeyPairs: makeHostKeyPairs };
  const signingKeys = { hub, clock, makeKeyPairs: makeSigningKeyPairs };
  const rotations = {
    relay: { ports: { ...hostKeys, keys: relayKeys, pins }, pace: rotationPace },
    router: { ports: { ...hostKeys, keys: routerKeys }, pace: rotationPace },
    link: { ports: { ...signingKeys, keys: linkKeys }, pace: linkRotationPace },
    anchor: { ports: { ...signingKeys, keys: anchorKeys }, pace: anchorRotationPace },
  };
  if (fill) {
    await hub.changed({ action: 'host_keys', way: 'rotation', facts: { step: 'filled' } });
    await fillHostKeys(ports);
  }
  const phases: Record<string, unknown> = {};
  for (const kind of of === undefined ? keyKinds : [of]) {
    const { ports: its, pace } = rotations[kind];
    phases[kind] = (await rotateHostKeys(its, { of: kind, pace, haste })) ?? 'empty';
  }
  return phases;
};

export const handler = eventHandler(
  wiring.wire(() => ({ ...wiring.edge('rotate-host-keys', wiring.auditLog()), ...wiring.hostKeys() })),
  respond,
);
