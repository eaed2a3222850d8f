/** MQTT 5 reason codes that AWS IoT Core returns (its developer guide, "MQTT reason codes"; MQTT 5 section 2.4). */
export const Reason = {
  success: 0x00,
  disconnectWithWill: 0x04,
  noSubscription: 0x11,
  unspecified: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  unsupportedVersion: 0x84,
  clientIdNotValid: 0x85,
  notAuthorized: 0x87,
  shuttingDown: 0x8b,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  qosNotSupported: 0x9b,
  subscriptionIdsNotSupported: 0xa1,
} as const;
export type ReasonCode = (typeof Reason)[keyof typeof Reason];

/** CONNACK codes of MQTT 3.1.1 (section 3.2.2.3), which has fewer words. */
export function returnCodeOf(reason: ReasonCode): number {
  switch (reason) {
    case Reason.success:
      return 0;
    case Reason.unsupportedVersion:
      return 1;
    case Reason.clientIdNotValid:
      return 2;
    case Reason.notAuthorized:
      return 5;
    default:
      return 3;
  }
}

/** Why a connection ended, in the words of AWS ("Lifecycle events", disconnectReason). */
export type DisconnectReason =
  | 'API_INITIATED_DISCONNECT'
  | 'AUTH_ERROR'
  | 'CLIENT_ERROR'
  | 'CLIENT_INITIATED_DISCONNECT'
  | 'CONNECTION_LOST'
  | 'CUSTOMAUTH_TTL_EXPIRATION'
  | 'DUPLICATE_CLIENTID'
  | 'MQTT_KEEP_ALIVE_TIMEOUT'
  | 'SERVER_INITIATED_DISCONNECT';
