import type { Link } from './link.ts';
import { ReplyQueue } from './reply-queue.ts';
import { ConnectionEndedError } from './session-end.ts';

/**
 * Answers a request of the peer, at some time. `sent` is called when the answer has left, which may be later, for answers
 * keep the order of their requests; where the peer wants none, at once.
 */
export type Reply = (ok: boolean, data?: Buffer, sent?: () => void) => void;

/** Who decides what the peer asks. */
export interface RequestUser {
  globalRequested(name: string, data: unknown, reply: Reply): void;
}

interface Asked {
  readonly answer: (ok: boolean, data?: Buffer) => void;
  readonly fail: (error: Error) => void;
}

/** Requests of the peer that may wait for our decision at one time. */
const maximumRequests = 256;

/** Global requests of one connection, both ways: answers carry no number, only their order counts (RFC 4254 section 4). */
export class GlobalRequests {
  readonly #link: () => Link;
  readonly #user: RequestUser;
  readonly #asked: Asked[] = [];
  readonly #replies = new ReplyQueue();

  constructor(user: RequestUser, link: () => Link) {
    this.#user = user;
    this.#link = link;
  }

  /**
   * Sends a global request. `take` sees the answer at once, before any message that follows it is handled; the promise
   * carries what it gave, and rejects when the connection ends first.
   */
  ask<T>(send: () => void, take: (ok: boolean, data?: Buffer) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#link().ended) return reject(new ConnectionEndedError('ended'));
      const answer = (ok: boolean, data?: Buffer) => {
        try {
          resolve(take(ok, data));
        } catch (error) {
          reject(error);
        }
      };
      this.#asked.push({ answer, fail: reject });
      send();
    });
  }

  ping(): void {
    this.#asked.push({ answer: () => undefined, fail: () => undefined });
    this.#link().transport.ping();
  }

  /** Nobody answers any more. */
  end(error: ConnectionEndedError): void {
    for (const { fail } of this.#asked.splice(0)) fail(error);
  }

  /** The peer answers the oldest of what we asked. */
  answered(ok: boolean, data?: Buffer): void {
    this.#asked.shift()?.answer(ok, data);
  }

  /** The peer asks. */
  requested(name: string, wantReply: boolean, data: unknown): void {
    if (!wantReply) {
      this.#user.globalRequested(name, data, (_ok, _data, sent) => sent?.());
      return;
    }
    if (this.#replies.length >= maximumRequests) {
      this.#link().violation('too many requests at once');
      return;
    }
    const answer = this.#replies.reserve();
    this.#user.globalRequested(name, data, (ok, extra, sent) =>
      answer(() => {
        const link = this.#link();
        if (!link.ended) {
          if (ok) link.transport.requestSuccess(extra);
          else link.transport.requestFailure();
        }
        sent?.();
      }),
    );
  }
}
