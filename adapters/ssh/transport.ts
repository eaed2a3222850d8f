import { createPublicKey, diffieHellman } from 'node:crypto';
import type { KexInit, KeyExchange } from 'ssh2/lib/protocol/kex.js';
import Protocol from 'ssh2/lib/protocol/Protocol.js';
import { guessIsRight } from './first-guess.ts';
import { type AuthMessages, type ChannelMessages, messageHandlers } from './messages.ts';
import { signatureAlgorithms } from './signature.ts';
import { mpintBytes, ownCopy, sshString, sshUint32 } from './ssh-bytes.ts';

/** Whoever owns a transport. Called from inside `parse`: must not destroy the transport, only mark itself closed. */
export interface TransportOwner {
  write(bytes: Buffer): void;
  identified(software: string): void;
  keysExchanged(): void;
  failed(error: Error): void;
  /** Whether this payload may be handled. What is not admitted has been dealt with. */
  admit(payload: Buffer): boolean;
}

export interface TransportOptions {
  readonly role: 'server' | 'client';
  readonly hostKeys?: Readonly<Record<string, Protocol.HostKey>>;
  /** Client only: whether this host key blob is the right one. */
  readonly verifyHostKey?: (blob: Buffer) => boolean;
  /** From `identificationOf`, made once and shared by all connections. */
  readonly identification: Buffer;
  readonly offer: KexInit;
  readonly auth: AuthMessages;
  readonly channels: ChannelMessages;
}

const serverSignatureAlgorithms = Object.keys(signatureAlgorithms).join(',');

/** All that ssh2 reads of what was negotiated once new keys are in use. */
const uncompressed = { cs: { compress: 'none' }, sc: { compress: 'none' } } as const;

/** `SSH-2.0-<software>` (RFC 4253 section 4.2). Throws RangeError for what may not stand there. */
export const identificationOf = (software: string): Buffer => {
  // No space, no minus sign, and short enough for 255 characters with CR LF.
  if (!/^[!-,.-~]{1,200}$/.test(software)) throw new RangeError('not a software version for an SSH identification');
  return ownCopy(Buffer.from(`SSH-2.0-${software}`, 'latin1'));
};

/** ssh2's transport and authentication codec with what it lacks or gets wrong put right, each with its reason. */
export class Transport extends Protocol {
  readonly owner: TransportOwner;
  readonly auth: AuthMessages;
  readonly channels: ChannelMessages;
  readonly #client: boolean;
  #exchanges = 0;
  #extensionsWanted = false;
  // No initialisers: the base constructor assigns through the accessors below before fields would be set.
  declare private guessPending: boolean;
  declare private exchange: KeyExchange | undefined;

  constructor(owner: TransportOwner, options: TransportOptions) {
    super({
      server: options.role === 'server',
      hostKeys: options.hostKeys,
      hostVerifier: options.verifyHostKey,
      offer: options.offer,
      messageHandlers,
      onWrite: (bytes) => owner.write(bytes),
      onError: (error) => owner.failed(error),
      onHeader: (header) => owner.identified(header.versions.software),
      onHandshakeComplete: () => this.#settle(),
    });
    this.owner = owner;
    this.auth = options.auth;
    this.channels = options.channels;
    this.#client = options.role === 'client';
    // Given as a setting, ssh2 would keep a copy of it, and the 8 KB slab under that, for every connection.
    this._identRaw = options.identification;
    this.start = () => {
      this.start = undefined;
      owner.write(Buffer.concat([options.identification, Buffer.from('\r\n')]));
    };
    const complete = this._onHandshakeComplete;
    this._onHandshakeComplete = (negotiated) => {
      // ssh2's own list of signature algorithms lacks a comma, and offers SHA-1 and DSA: ours goes out instead.
      this.#extensionsWanted = !this.#client && this._kex?.remoteExtInfoEnabled === true;
      if (this._kex !== undefined) this._kex.remoteExtInfoEnabled = false;
      complete(negotiated);
    };
    const dispatch = this._onPayload;
    this._onPayload = (payload) => {
      if (payload.length > 0 && owner.admit(payload)) dispatch(payload);
    };
  }

  /** Between our KEXINIT and the new keys: whatever is sent now waits in memory. */
  get exchanging(): boolean {
    return this._kexinit !== undefined;
  }

  get exchanges(): number {
    return this.#exchanges;
  }

  /** Packets that wait for the running key exchange. */
  get queued(): number {
    return this._queue?.length ?? 0;
  }

  get usable(): boolean {
    return this._destruct !== undefined;
  }

  get sessionId(): Buffer | undefined {
    return this._kex?.sessionID;
  }

  /** Sends a DISCONNECT with words: ssh2 sends none. May be sent at any time (RFC 4253 section 11.1). */
  disconnectWith(code: number, text: string): void {
    this.#sendNow(Buffer.concat([Buffer.of(1), sshUint32(code), sshString(text), sshString('')]));
  }

  /** A message of our own making. Not sent within a key exchange, where only that exchange's may go (RFC 4253 7.1). */
  sendWhole(payload: Buffer): void {
    if (!this.exchanging) this.#sendNow(payload);
  }

  #sendNow(payload: Buffer): void {
    const { write } = this._packetRW;
    const packet = write.alloc(payload.length, true);
    packet.set(payload, write.allocStartKEX);
    this._cipher.encrypt(write.finalize(packet, true));
  }

  #settle(): void {
    this.#exchanges += 1;
    // ssh2 keeps the whole exchange, its ephemeral private key too, for the connection's life. Only these are read again.
    if (this._kex !== undefined) this.exchange = { sessionID: this._kex.sessionID, negotiated: uncompressed };
    unpin(this, ['_remoteIdentRaw']);
    if (this._decipher !== undefined) unpin(this._decipher, Object.keys(this._decipher));
    if (this.#extensionsWanted && this.#exchanges === 1) this.#sendExtensions();
    this.owner.keysExchanged();
  }

  /** RFC 8308: must be our first packet under the new keys. */
  #sendExtensions(): void {
    this.#sendNow(
      Buffer.concat([Buffer.of(7), sshUint32(1), sshString('server-sig-algs'), sshString(serverSignatureAlgorithms)]),
    );
  }

  // ssh2 sets this when it believes that the client guessed wrong, which is always (see first-guess.ts). So the flag only
  // says that there is a guess, and the question is answered when the guessed packet comes.
  override get _skipNextInboundPacket(): boolean {
    const clientKexInit = this._kex?._remoteKexinit;
    if (!this.guessPending || clientKexInit === undefined) return false;
    const { kex, serverHostKey } = this._offer.lists;
    if (!this.#client && guessIsRight(clientKexInit, { kex: kex.array, serverHostKey: serverHostKey.array })) {
      this.guessPending = false;
    }
    return this.guessPending;
  }

  override set _skipNextInboundPacket(value: boolean) {
    this.guessPending = value;
  }

  override get _kex(): KeyExchange | undefined {
    return this.exchange;
  }

  override set _kex(exchange: KeyExchange | undefined) {
    this.exchange = exchange;
    if (exchange?.type === '25519') exchange.computeSecret = (other) => x25519Secret(exchange, other);
  }
}

/** As ssh2's, but importing the peer's key as JWK, which takes 10 us instead of 70-100 by DER. */
const x25519Secret = (exchange: KeyExchange, other: Buffer): Buffer | Error => {
  exchange.generateKeys?.();
  if (other.length !== 32 || !exchange._keys) return new Error('not an X25519 public key');
  try {
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'X25519', x: other.toString('base64url') },
      format: 'jwk',
    });
    // OpenSSL refuses an all-zero result, as RFC 8731 section 3 demands.
    return mpintBytes(diffieHellman({ privateKey: exchange._keys.privateKey, publicKey }));
  } catch (error) {
    return error instanceof Error ? error : new Error('X25519 failed');
  }
};

/**
 * Replaces small slices of Node's 8 KB buffer pool by buffers of their own size: each would keep its whole slab alive
 * as long as the connection. Called only when the cipher is new and these buffers hold nothing yet.
 */
const unpin = (owner: object, names: readonly string[]): void => {
  for (const name of names) {
    const value: unknown = Reflect.get(owner, name);
    if (!Buffer.isBuffer(value) || value.buffer.byteLength === value.length || value.length > 1024) continue;
    Reflect.set(owner, name, ownCopy(value));
  }
};
