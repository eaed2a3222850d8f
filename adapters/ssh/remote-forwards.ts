import type { Reply } from './global-requests.ts';
import { sshUint32 } from './ssh-bytes.ts';
import type { Timers } from './timers.ts';

/** What a client asks for with `-R` (RFC 4254 section 7.1). The address is any text; port 0 asks us to choose. */
export interface ForwardRequest {
  readonly bindAddress: string;
  readonly bindPort: number;
}

/** `port` is what the client is told where it asked for 0; then it is also the wire port of every channel. */
export type ForwardAnswer =
  | { readonly accept: true; readonly port: number }
  | { readonly accept: false; readonly why?: string };

export type ForwardHandler = (request: ForwardRequest) => Promise<ForwardAnswer>;

interface Parts {
  readonly timers: Timers;
  readonly maximum: number;
  readonly decisionMilliseconds: number;
  readonly refused: (why: string) => void;
  readonly failed: (error: unknown) => void;
}

/** The forwards of one client: asked for, decided by a handler, told to the client, and given back. */
export class RemoteForwards {
  onRequest: ForwardHandler | undefined;
  onCancel: ((request: ForwardRequest) => void) | undefined;
  readonly #granted = new Set<string>();
  /** By address: those whose answer has not left. */
  readonly #untold = new Map<string, Promise<void>>();
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#granted.size;
  }

  request(request: ForwardRequest, reply: Reply): void {
    const told = new Promise<void>((sent) => {
      const answer = (given: ForwardAnswer) => {
        if (!given.accept) {
          this.#parts.refused(given.why ?? 'refused');
          return reply(false, undefined, sent);
        }
        const port = request.bindPort === 0 ? given.port : request.bindPort;
        this.#granted.add(keyOf({ ...request, bindPort: port }));
        reply(true, request.bindPort === 0 ? sshUint32(port) : undefined, sent);
      };
      if (this.onRequest === undefined) answer({ accept: false, why: 'forwarding is not offered here' });
      else if (this.#granted.size >= this.#parts.maximum)
        answer({ accept: false, why: 'too many forwards on this connection' });
      else this.#decide(this.onRequest, request, answer);
    });
    this.#untold.set(request.bindAddress, told);
    void told.then(() => {
      if (this.#untold.get(request.bindAddress) === told) this.#untold.delete(request.bindAddress);
    });
  }

  /**
   * Resolves once the answer for that address has left, at once if there is none under way: a client refuses channels of
   * a forward that it has not been granted. Never rejects, and takes no longer than a decision may.
   */
  async told(bindAddress: string): Promise<void> {
    await this.#untold.get(bindAddress);
  }

  /** Answers whether there was such a forward. */
  cancel(request: ForwardRequest): boolean {
    if (!this.#granted.delete(keyOf(request))) return false;
    this.onCancel?.(request);
    return true;
  }

  /** Takes the first of: the handler's answer, its failure, the end of its time. */
  #decide(handler: ForwardHandler, request: ForwardRequest, answer: (given: ForwardAnswer) => void): void {
    let decided = false;
    const once = (given: ForwardAnswer) => {
      if (decided) return;
      decided = true;
      timer.cancel();
      answer(given);
    };
    const { timers, decisionMilliseconds, failed } = this.#parts;
    const timer = timers.schedule(decisionMilliseconds, () => once({ accept: false, why: 'no answer in time' }));
    const run = async () => once(await handler(request));
    run().catch((error: unknown) => {
      failed(error);
      once({ accept: false, why: 'an internal error' });
    });
  }
}

const keyOf = ({ bindAddress, bindPort }: ForwardRequest): string => `${bindPort} ${bindAddress}`;
