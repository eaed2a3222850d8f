import { createHash } from 'node:crypto';
import { Refusal } from './refusal.ts';

/** How long DynamoDB knows a transaction by its ClientRequestToken, milliseconds. */
const rememberMs = 10 * 60_000;

/**
 * Transactions that went through, by token: an SDK that lost the answer sends the same request again, and it must not
 * be applied twice. Kept in memory only, so a restart forgets them.
 */
export class RequestTokens {
  readonly #seen = new Map<string, { readonly digest: string; readonly until: number }>();

  /**
   * Runs the request unless it went through before under this token; then there is nothing to do. One that throws may
   * be tried again. Another request under the same token is refused.
   */
  runOnce<T>(token: string, request: unknown, options: { readonly now: number; readonly run: () => T }): T | undefined {
    this.#forget(options.now);
    const digest = createHash('sha256').update(JSON.stringify(request)).digest('base64');
    const known = this.#seen.get(token);
    if (known === undefined) {
      const result = options.run();
      this.#seen.set(token, { digest, until: options.now + rememberMs });
      return result;
    }
    if (known.digest === digest) return undefined;
    throw new Refusal(
      'IdempotentParameterMismatchException',
      'The client token was used with other parameters in the last 10 minutes',
    );
  }

  #forget(now: number): void {
    for (const [token, { until }] of this.#seen) {
      if (until > now) return;
      this.#seen.delete(token);
    }
  }
}
