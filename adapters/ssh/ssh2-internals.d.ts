// The parts of ssh2 1.17 that lie below its public API: its transport and authentication codec. The version is pinned.

declare module 'ssh2/lib/protocol/kex.js' {
  import type { KeyObject } from 'node:crypto';

  export interface AlgorithmOffer {
    readonly kex: readonly string[];
    readonly serverHostKey: readonly string[];
    readonly cs: DirectionOffer;
    readonly sc: DirectionOffer;
  }
  export interface DirectionOffer {
    readonly cipher: readonly string[];
    readonly mac: readonly string[];
    readonly compress: readonly string[];
    readonly lang: readonly string[];
  }
  export class KexInit {
    constructor(offer: AlgorithmOffer);
    readonly lists: {
      readonly kex: { readonly array: readonly string[] };
      readonly serverHostKey: { readonly array: readonly string[] };
    };
  }
  export interface Negotiated {
    readonly cs: { readonly compress: string };
    readonly sc: { readonly compress: string };
  }
  /** One key exchange. After it, only `sessionID` and `negotiated` are read again. */
  export interface KeyExchange {
    readonly sessionID: Buffer;
    readonly negotiated: Negotiated;
    remoteExtInfoEnabled?: boolean;
    readonly type?: string;
    readonly _keys?: { readonly privateKey: KeyObject } | null;
    readonly _remoteKexinit?: Buffer;
    generateKeys?(): void;
    computeSecret?(otherPublicKey: Buffer): Buffer | Error;
  }
}

declare module 'ssh2/lib/protocol/Protocol.js' {
  import type { KexInit, KeyExchange, Negotiated } from 'ssh2/lib/protocol/kex.js';

  namespace Protocol {
    interface HostKey {
      readonly type: string;
      getPublicSSH(): Buffer;
      /** `hash` is given for RSA only. ECDSA signatures are DER. */
      sign(data: Buffer, hash?: 'sha256' | 'sha512'): Buffer;
    }
    interface Header {
      readonly versions: { readonly protocol: string; readonly software: string };
    }
    interface ChannelOpen {
      readonly type: string;
      readonly sender: number;
      readonly window: number;
      /** Undefined if the message was cut off: then the others may be so too. */
      readonly packetSize: number | undefined;
      readonly data: {
        readonly destIP?: string;
        readonly destPort?: number;
        readonly srcIP?: string;
        readonly srcPort?: number;
      };
    }
    interface ChannelConfirmation {
      readonly recipient: number;
      readonly sender: number;
      readonly window: number;
      readonly packetSize: number;
    }
    interface Config {
      readonly server: boolean;
      readonly hostKeys?: Readonly<Record<string, HostKey>> | undefined;
      readonly offer: KexInit;
      readonly onWrite: (bytes: Buffer) => void;
      readonly onError: (error: Error) => void;
      readonly onHeader: (header: Header) => void;
      readonly onHandshakeComplete: (negotiated: Negotiated) => void;
      readonly hostVerifier?: ((blob: Buffer) => boolean) | undefined;
      readonly messageHandlers: object;
    }
  }

  class Protocol {
    constructor(config: Protocol.Config);
    start: (() => void) | undefined;
    parse(chunk: Buffer, from: number, length: number): void;
    cleanup(): void;
    rekey(): void;
    ping(): void;
    requestSuccess(data?: Buffer): void;
    requestFailure(): void;
    channelEOF(remote: number): void;
    channelClose(remote: number): void;
    channelFailure(remote: number): void;
    channelWindowAdjust(remote: number, bytes: number): void;
    channelData(remote: number, data: Buffer): void;
    channelOpenConfirm(remote: number, local: number, window: number, packetSize: number): void;
    channelOpenFail(remote: number, reason: number, description: string): void;
    forwardedTcpip(
      local: number,
      window: number,
      packetSize: number,
      from: { boundAddr: string; boundPort: number; remoteAddr: string; remotePort: number },
    ): void;
    directTcpip(
      local: number,
      window: number,
      packetSize: number,
      to: { dstIP: string; dstPort: number; srcIP: string; srcPort: number },
    ): void;
    tcpipForward(address: string, port: number, wantReply: boolean): void;
    cancelTcpipForward(address: string, port: number, wantReply: boolean): void;
    serviceAccept(name: string): void;
    service(name: string): void;
    authSuccess(): void;
    authFailure(methods: readonly string[], partial?: boolean): void;
    authPKOK(algorithm: string, blob: Buffer): void;
    authPK(user: string, publicKey: string, sign: (data: Buffer, give: (signature: Buffer) => void) => void): void;

    _onPayload: (payload: Buffer) => void;
    _onHandshakeComplete: (negotiated: Negotiated) => void;
    _identRaw: Buffer;
    get _kex(): KeyExchange | undefined;
    set _kex(exchange: KeyExchange | undefined);
    /** Defined while a key exchange runs: our KEXINIT. */
    _kexinit: Buffer | undefined;
    /** What waits for a running key exchange to end. */
    _queue: Buffer[] | undefined;
    get _skipNextInboundPacket(): boolean;
    set _skipNextInboundPacket(skip: boolean);
    readonly _offer: KexInit;
    _remoteIdentRaw: Buffer | undefined;
    _decipher: object | undefined;
    readonly _authsQueue: string[];
    readonly _cipher: { encrypt(packet: Buffer): void };
    readonly _packetRW: {
      readonly write: {
        readonly allocStart: number;
        readonly allocStartKEX: number;
        alloc(size: number, evenDuringKeyExchange?: boolean): Buffer;
        finalize(packet: Buffer, evenDuringKeyExchange?: boolean): Buffer;
      };
    };
    /** Undefined once the instance is unusable. */
    readonly _destruct: (() => void) | undefined;
  }
  export = Protocol;
}

declare module 'ssh2/lib/protocol/crypto.js' {
  /** As a whole only: Node finds no names in its `module.exports`. */
  const crypto: { readonly bindingAvailable: boolean };
  export = crypto;
}
