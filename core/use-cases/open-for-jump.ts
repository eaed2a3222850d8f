import { type ErrorCode, SallyportError } from '../errors.ts';
import { operatorIdPattern } from '../model/ids.ts';
import { hashedLabelPattern } from '../model/label.ts';
import { isSignedIn } from '../model/operator.ts';
import type { JumpRequest } from '../wire/jump-request.ts';
import { type JumpPorts, openOrReuse, readableSource } from './jump-opening.ts';
import { admitRouter } from './router-rate.ts';

/** On demand answers within 8 s, for clients commonly give 10: half a second is left for the ways there and back. */
export const jumpMilliseconds = 7_500;

/**
 * Opens a tunnel for an operator who stands at a router, or finds one that lives; answers its id when it is open, throws
 * the refusal. The router faces the internet, so that nothing it says of the operator is believed: the sign-in must be
 * recent, and its groups are the ones that count.
 */
export const openForJump = async (ports: JumpPorts, request: JumpRequest): Promise<string> => {
  const until = ports.clock.monotonic() + jumpMilliseconds;
  const refuse = (code: ErrorCode, detail?: string): never => {
    ports.hub.refused({
      action: 'request',
      code,
      operator: operatorIdPattern.test(request.operator) ? request.operator : undefined,
      way: 'jump',
      source: readableSource(request.source),
      facts: {
        router: request.router,
        wanted: request.device,
        service: String(request.service),
      },
    });
    throw new SallyportError(code, { detail });
  };
  if (!operatorIdPattern.test(request.operator)) return refuse('unauthenticated');
  const [admitted, signIn, device] = await Promise.all([
    admitRouter(ports, request.router),
    ports.operatorKeys.signIn(request.operator),
    deviceCalled(ports.devices, request.device),
  ]);
  if (!admitted) return refuse('busy', 'this router asks too often');
  if (!isSignedIn(signIn, ports.clock.now(), ports.signInMilliseconds)) return refuse('sign_in_expired');
  // A device without a row is like any device that no grant reaches.
  if (device === undefined) return refuse('not_found');
  return openOrReuse(ports, { request, signIn, device, until });
};

/** A router hands on what stood in the host name: a label, which is the id itself unless it is a hash. */
const deviceCalled = (devices: JumpPorts['devices'], name: string) =>
  hashedLabelPattern.test(name) ? devices.getByLabel(name) : devices.get(name);
