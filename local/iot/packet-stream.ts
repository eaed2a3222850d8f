import type { Socket } from 'node:net';
import { generate, type Packet, parser } from 'mqtt-packet';
import { Reason, type ReasonCode } from './reason.ts';

export interface PacketHandlers {
  packet(packet: Packet): void;
  /** The bytes were no MQTT, or a packet too large. The stream reads no further. */
  fault(reason: ReasonCode): void;
  /** Called once, when the socket is gone. */
  closed(): void;
}

/** A reader that takes nothing is cut off once this much waits for it. */
const MOST_UNSENT = 8 * 1024 * 1024;

/** How long a peer may take to close its side. */
const LINGER_MS = 2_000;

/** MQTT packets over a socket. Nothing is read or lost while nobody listens. */
export class PacketStream {
  /** The protocol version of packets sent; known once CONNECT came. */
  version: 4 | 5 = 4;
  private handlers: PacketHandlers | undefined;
  private readonly held: Packet[] = [];
  private broken: ReasonCode | undefined;
  private gone = false;

  constructor(
    private readonly socket: Socket,
    packetBytes: number,
  ) {
    const codec = parser();
    codec.on('packet', (packet) => {
      if ((packet.length ?? 0) > packetBytes) this.broken ??= Reason.packetTooLarge;
      if (this.broken === undefined) this.held.push(packet);
    });
    codec.on('error', () => {
      this.broken ??= Reason.malformedPacket;
    });
    socket.on('data', (chunk: Buffer) => {
      if (this.broken !== undefined) return;
      try {
        // parse() answers how much of an unfinished packet it keeps.
        if (codec.parse(chunk) > packetBytes) this.broken ??= Reason.packetTooLarge;
      } catch {
        // The codec throws a RangeError on some packets that are too short.
        this.broken ??= Reason.malformedPacket;
      }
      this.pump();
    });
    // The reason does not matter: 'close' always follows, and it ends the connection.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.gone = true;
      this.pump();
    });
    socket.pause();
  }

  listen(handlers: PacketHandlers): void {
    this.handlers = handlers;
    this.socket.resume();
    this.pump();
  }

  /** Stops reading until somebody listens again. */
  hold(): void {
    this.handlers = undefined;
    this.socket.pause();
  }

  /** Writes a packet. A peer that stopped reading loses its connection instead of filling the memory. */
  send(packet: Packet): void {
    if (this.socket.destroyed || !this.socket.writable) return;
    this.socket.write(this.encode(packet));
    if (this.socket.writableLength > MOST_UNSENT) this.socket.destroy();
  }

  encode(packet: Packet): Buffer {
    return generate(packet, { protocolVersion: this.version });
  }

  /** Ends after what was written; the handlers hear no more. */
  end(): void {
    this.handlers = undefined;
    this.held.length = 0;
    if (this.gone) return;
    this.socket.resume();
    this.socket.end();
    // The peer closes its side on our FIN. Destroying sooner could reset the connection before the peer has read.
    const timer = setTimeout(() => this.socket.destroy(), LINGER_MS);
    this.socket.once('close', () => clearTimeout(timer));
  }

  /** Ends as a lost network does: without a word. */
  destroy(): void {
    this.socket.destroy();
  }

  private pump(): void {
    while (this.handlers !== undefined) {
      const packet = this.held.shift();
      if (packet === undefined) break;
      this.handlers.packet(packet);
    }
    const { handlers } = this;
    if (handlers === undefined) return;
    if (this.gone) {
      this.handlers = undefined;
      handlers.closed();
    } else if (this.broken !== undefined) {
      this.handlers = undefined;
      handlers.fault(this.broken);
    }
  }
}
