/** What AWS IoT Core asks a device's policies. */
export type IotAction = 'iot:Connect' | 'iot:Publish' | 'iot:RetainPublish' | 'iot:Subscribe' | 'iot:Receive';

/** A policy document as it was written (`AWS::IoT::Policy`, or a custom authorizer's answer). */
export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: unknown;
}

/** The thing that a connection stands for; policy variables of things resolve from it, and not at all without one. */
export interface ContextThing {
  readonly name: string;
  readonly type?: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The certificate that a client showed. */
export interface ContextCertificate {
  readonly certificateId: string;
  readonly subjectCommonName?: string;
}

/** What policy variables and conditions may speak of ("AWS IoT Core policy variables", "IoT condition keys"). */
export interface IotContext {
  /** `iot:ClientId` */
  readonly clientId: string;
  /** `iot:Connection.Thing.IsAttached` */
  readonly isAttached: boolean;
  /** `iot:Connection.Thing.ThingName`, `.ThingTypeName`, `.Attributes[name]` */
  readonly thing?: ContextThing;
  /** The certificate id, or the principal id that a custom authorizer named. */
  readonly principalId: string;
  /** `iot:CertificateId`, `iot:Certificate.Subject.CommonName`; absent behind a custom authorizer. */
  readonly certificate?: ContextCertificate;
  /** `iot:SourceIp`, `aws:SourceIp` */
  readonly sourceIp: string;
  /** `iot:DomainName`: the server name that the client asked for. */
  readonly domainName?: string;
  /** `iot:ConnectAttributes`, of `iot:Connect` alone. */
  readonly connectAttributes: readonly ('PersistentConnect' | 'LastWill')[];
}

export interface IotQuestion {
  readonly action: IotAction;
  /** The full ARN: `client/...`, `topic/...` or `topicfilter/...`. */
  readonly resource: string;
  /** The client id, topic or topic filter that the resource names, as it was sent. */
  readonly name: string;
  /** All that apply now; none means no. */
  readonly policies: readonly PolicyDocument[];
  readonly context: IotContext;
}

/** Evaluates policies. Called for every decision, so that policies may be swapped under live connections. */
export type Authorize = (question: IotQuestion) => { readonly allowed: boolean };

/** Names resources of AWS IoT as policies do. */
export interface IotArns {
  client(clientId: string): string;
  topic(topic: string): string;
  topicFilter(filter: string): string;
}

export function iotArns(region: string, account: string): IotArns {
  const prefix = `arn:aws:iot:${region}:${account}:`;
  return {
    client: (clientId) => `${prefix}client/${clientId}`,
    topic: (topic) => `${prefix}topic/${topic}`,
    topicFilter: (filter) => `${prefix}topicfilter/${filter}`,
  };
}
