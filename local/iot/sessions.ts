import type { Clock } from './clock.ts';
import type { Quotas } from './quotas.ts';
import { Session } from './session.ts';

/** Every session, by client id. One that ended while its client was away is gone at the next look. */
export class Sessions {
  private readonly byClient = new Map<string, Session>();

  constructor(
    private readonly quotas: Quotas,
    private readonly clock: Clock,
  ) {}

  find(clientId: string): Session | undefined {
    const session = this.byClient.get(clientId);
    if (session === undefined || !this.hasEnded(session)) return session;
    this.byClient.delete(clientId);
    return undefined;
  }

  /** The client's session, resumed unless it wants a clean start. */
  open(clientId: string, cleanStart: boolean): { readonly session: Session; readonly resumed: boolean } {
    const found = cleanStart ? undefined : this.find(clientId);
    const session = found ?? new Session(clientId, this.quotas, this.clock);
    session.endsAt = Number.POSITIVE_INFINITY;
    this.byClient.set(clientId, session);
    return { session, resumed: found !== undefined };
  }

  remove(session: Session): void {
    if (this.byClient.get(session.clientId) === session) this.byClient.delete(session.clientId);
  }

  *all(): Iterable<Session> {
    for (const session of [...this.byClient.values()]) {
      if (this.hasEnded(session)) this.byClient.delete(session.clientId);
      else yield session;
    }
  }

  private readonly hasEnded = (session: Session): boolean => session.endsAt <= this.clock.now();
}
