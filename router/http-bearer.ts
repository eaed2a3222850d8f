import type { IncomingMessage } from 'node:http';
import { SallyportError } from '../core/errors.ts';
import type { Operator } from '../core/model/operator.ts';
import type { Tokens } from '../core/ports/tokens.ts';

export type Bearer = {
  readonly operator: Operator;
  readonly expiresAt: number;
  /** The header that was ours: it must not reach the device. */
  readonly header: 'authorization' | 'sallyport-token';
};

/** Verified tokens are remembered for a moment: a page asks for fifty things at once. */
const rememberMilliseconds = 5_000;

/** The bearer token of a request: `Sallyport-Token`, which leaves `Authorization` to the device, or `Authorization`. */
export const createBearer = (tokens: Tokens) => {
  const known = new Map<string, { readonly operator: Operator; readonly expiresAt: number; readonly until: number }>();

  return async (request: IncomingMessage): Promise<Bearer> => {
    const own = request.headers['sallyport-token'];
    const standard = /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const token = typeof own === 'string' ? own : standard;
    if (token === undefined)
      throw new SallyportError('unauthenticated', {
        detail: 'send the API token as `Authorization: Bearer` or `Sallyport-Token`',
      });
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
