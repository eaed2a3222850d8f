import type { Command } from '../wire/command.ts';

export type Delivery = 'acknowledged' | 'offline' | 'silent' | 'published';

export type Presence = {
  readonly connected: boolean;
  /** Since when, in milliseconds, where the broker knows. */
  readonly since?: number | undefined;
};

/** Commands to a device's MQTT client. */
export type DeviceMessages = {
  /** Direct message with confirmation: `offline` at once, `silent` after 4 s and not sent again. The fallback answers `published`. */
  send(target: { readonly device: string; readonly clientId: string }, command: Command): Promise<Delivery>;
  presence(clientId: string): Promise<Presence>;
};
