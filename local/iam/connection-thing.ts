/** A thing that a certificate is attached to. */
export interface ThingAttachment {
  readonly thingName: string;
  /** EXCLUSIVE_THING: the certificate belongs to this thing and to no other. */
  readonly exclusive: boolean;
}

/**
 * Which thing a connection stands for when thing policy variables are replaced (AWS IoT Core, "Thing policy
 * variables"): the one that the certificate is attached to exclusively, whatever the client id; otherwise the thing
 * whose name is the client id, attached or not, which is why policies ask for IsAttached.
 */
export function thingOfConnection(
  clientId: string,
  attachments: readonly ThingAttachment[],
  thingExists: (name: string) => boolean,
): { readonly thingName: string; readonly attached: boolean } | undefined {
  const exclusive = attachments.find((attachment) => attachment.exclusive);
  if (exclusive) return { thingName: exclusive.thingName, attached: true };
  if (!thingExists(clientId)) return undefined;
  return { thingName: clientId, attached: attachments.some(({ thingName }) => thingName === clientId) };
}
