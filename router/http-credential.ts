import type { IncomingMessage } from 'node:http';
import { SallyportError } from '../core/errors.ts';
import type { Target } from '../core/model/host-name.ts';
import type { Operator } from '../core/model/operator.ts';
import type { Tokens } from '../core/ports/tokens.ts';
import type { Visits } from './http-visits.ts';

export type Credential = {
  readonly operator: Operator;
  readonly expiresAt: number;
  /** The header that has what is ours: it must not reach the device. */
  readonly header: 'authorization' | 'sallyport-token' | 'cookie';
};

/** Verified tokens are remembered for a moment: a page asks for fifty things at once. */
const rememberMilliseconds = 5_000;

/**
 * Who asks: by the bearer token in `Sallyport-Token`, which leaves `Authorization` to the device, or in `Authorization`;
 * or by the cookie that a link became.
 */
export const createCredential = (tokens: Tokens, visits: Pick<Visits, 'credentialOf'>) => {
  const known = new Map<string, { readonly operator: Operator; readonly expiresAt: number; readonly until: number }>();

  return async (request: IncomingMessage, target: Target): Promise<Credential> => {
    const own = request.headers['sallyport-token'];
    const standard = /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const token = typeof own === 'string' ? own : standard;
    if (token === undefined) {
      const visit = await visits.credentialOf(request, target);
      if (visit !== undefined) return visit;
      throw new SallyportError('unauthenticated', {
        detail: 'send the API token as `Authorization: Bearer` or `Sallyport-Token`, or open a link of the tunnel',
      });
    }
    const header = typeof own === 'string' ? 'sallyport-token' : 'authorization';
    const now = Date.now();
    const remembered = known.get(token);
    if (remembered !== undefined && now < remembered.until) return { ...remembered, header };
    const { id, groups, expiresAt } = await tokens.verify(token);
    if (known.size > 1_000) known.clear();
    known.set(token, { operator: { id, groups }, expiresAt, until: Math.min(now + rememberMilliseconds, expiresAt) });
    return { operator: { id, groups }, expiresAt, header };
  };
};
