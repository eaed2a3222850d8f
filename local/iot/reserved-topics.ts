/** A message to a service of AWS IoT. */
export interface ReservedRequest {
  readonly topic: string;
  readonly payload: Buffer;
  readonly clientId: string;
  /** The certificate id, or what a custom authorizer named. */
  readonly principal?: string;
}

export interface ReservedAnswer {
  readonly topic: string;
  readonly payload: Buffer;
}

/** Services that answer at topics beginning with `$aws/`, beside the broker's own. */
export interface ReservedTopics {
  serves(topic: string): boolean;
  /** Never rejects: what went wrong is an answer, or none. */
  answer(request: ReservedRequest): Promise<ReservedAnswer | undefined>;
}
