/** The device's MQTT connection, made by an adapter: certificate-authenticated, coming back by itself. */
export type Cloud = {
  /** Resolves when the broker has acknowledged (QoS 1); rejects when it did not in time. */
  publish(topic: string, payload: string): Promise<void>;
  stop(): Promise<void>;
};

export type CloudHooks = {
  readonly onConnected: () => void;
  readonly onDisconnected: (why: string) => void;
  readonly onMessage: (topic: string, payload: Uint8Array) => void;
};
export type ConnectCloud = (hooks: CloudHooks) => Cloud;
