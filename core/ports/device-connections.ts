/** The MQTT connections of devices. */
export type DeviceConnections = {
  /** Ends a client's connection and forgets its session. False when it had neither. */
  end(clientId: string): Promise<boolean>;
};
