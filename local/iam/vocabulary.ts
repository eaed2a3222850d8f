import { globOf, matchesGlob } from './wildcard.ts';

/**
 * What may stand in a policy here. A name that is not listed stops the start, because a condition that nobody fills in
 * or an action that nobody checks would be a rule that exists only on paper. The lists follow the Service
 * Authorization Reference; condition keys are only those that the local endpoint really fills in.
 */
export interface ServiceVocabulary {
  /** Served: calls are checked here. Elsewhere: the service exists in the cloud only, so use cannot be observed. */
  readonly place: 'served' | 'elsewhere';
  readonly actions: readonly string[];
  readonly conditionKeys: readonly string[];
}

const served = (actions: string, conditionKeys = ''): ServiceVocabulary => ({
  place: 'served',
  actions: words(actions),
  conditionKeys: words(conditionKeys),
});

const elsewhere = (actions: string, conditionKeys = ''): ServiceVocabulary => ({
  ...served(actions, conditionKeys),
  place: 'elsewhere',
});

const SERVICES: Readonly<Record<string, ServiceVocabulary>> = {
  dynamodb: served(
    `BatchGetItem BatchWriteItem ConditionCheckItem CreateTable DeleteItem DeleteTable DescribeContinuousBackups
     DescribeStream DescribeTable DescribeTimeToLive GetItem GetRecords GetShardIterator ListStreams ListTables
     PartiQLDelete PartiQLInsert PartiQLSelect PartiQLUpdate PutItem Query Scan TagResource UntagResource
     UpdateContinuousBackups UpdateItem UpdateTable UpdateTimeToLive ListTagsOfResource DescribeEndpoints DescribeLimits`,
    `dynamodb:Attributes dynamodb:EnclosingOperation dynamodb:LeadingKeys dynamodb:ReturnConsumedCapacity
     dynamodb:ReturnValues dynamodb:Select`,
  ),
  iot: served(
    `AddThingToThingGroup AttachPolicy AttachThingPrincipal Connect CreateCertificateFromCsr CreateThing CreateThingGroup
     DeleteConnection DeleteThing DescribeCertificate DescribeEndpoint DescribeThing DescribeThingGroup DescribeThingType
     DetachPolicy DetachThingPrincipal GetConnection GetPolicy GetRetainedMessage GetThingShadow ListAttachedPolicies
     ListPrincipalThings ListPrincipalThingsV2 ListRetainedMessages ListSubscriptions ListThingPrincipals
     ListThingPrincipalsV2 ListThings ListThingsInThingGroup Publish Receive RetainPublish SearchIndex SendDirectMessage
     Subscribe UpdateCertificate UpdateThing UpdateThingShadow`,
    'iot:Topic iot:ThingArn',
  ),
  lambda: served('GetFunction GetFunctionConfiguration InvokeAsync InvokeFunction InvokeFunctionUrl'),
  secretsmanager: served(
    `BatchGetSecretValue CancelRotateSecret CreateSecret DeleteSecret DescribeSecret GetRandomPassword
     GetResourcePolicy GetSecretValue ListSecretVersionIds ListSecrets PutResourcePolicy PutSecretValue RestoreSecret
     RotateSecret TagResource UntagResource UpdateSecret UpdateSecretVersionStage`,
    'secretsmanager:SecretId secretsmanager:VersionId secretsmanager:VersionStage secretsmanager:Name',
  ),
  kms: served(
    `CancelKeyDeletion CreateAlias CreateGrant CreateKey Decrypt DeleteAlias DeriveSharedSecret DescribeKey DisableKey
     DisableKeyRotation EnableKey EnableKeyRotation Encrypt GenerateDataKey GenerateDataKeyPair
     GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac GenerateRandom GetKeyLastUsage
     GetKeyPolicy GetKeyRotationStatus GetParametersForImport GetPublicKey ImportKeyMaterial DeleteImportedKeyMaterial
     ListAliases ListGrants ListKeyPolicies ListKeyRotations ListKeys ListResourceTags ListRetirableGrants PutKeyPolicy
     ReEncryptFrom ReEncryptTo ReplicateKey RetireGrant RevokeGrant RotateKeyOnDemand ScheduleKeyDeletion Sign
     SynchronizeMultiRegionKey TagResource UntagResource UpdateAlias UpdateKeyDescription UpdatePrimaryRegion Verify
     VerifyMac`,
    `kms:CallerAccount kms:EncryptionAlgorithm kms:EncryptionContext: kms:EncryptionContextKeys kms:MacAlgorithm
     kms:MessageType kms:RequestAlias kms:SigningAlgorithm kms:ViaService kms:GrantIsForAWSResource`,
  ),
  sts: served('AssumeRole GetCallerIdentity TagSession', 'sts:ExternalId sts:RoleSessionName'),
  'execute-api': served('Invoke InvalidateCache ManageConnections'),
  acm: elsewhere('DescribeCertificate ExportCertificate GetCertificate ListCertificates'),
  autoscaling: elsewhere(
    'CompleteLifecycleAction DescribeAutoScalingGroups DescribeAutoScalingInstances RecordLifecycleActionHeartbeat SetInstanceHealth SetInstanceProtection',
  ),
  cloudwatch: elsewhere('GetMetricData GetMetricStatistics ListMetrics PutMetricData', 'cloudwatch:namespace'),
  ec2: elsewhere(
    'CreateNetworkInterface DeleteNetworkInterface DescribeInstances DescribeNetworkInterfaces AssignPrivateIpAddresses UnassignPrivateIpAddresses AssociateAddress DisassociateAddress DescribeAddresses',
  ),
  ecr: elsewhere('BatchCheckLayerAvailability BatchGetImage GetAuthorizationToken GetDownloadUrlForLayer'),
  ecs: elsewhere(
    `DeregisterContainerInstance DescribeContainerInstances DescribeServices DescribeTasks DiscoverPollEndpoint
     ListTasks ListContainerInstances Poll RegisterContainerInstance StartTelemetrySession SubmitAttachmentStateChanges
     SubmitContainerStateChange SubmitTaskStateChange UpdateContainerInstancesState UpdateTaskProtection
     GetTaskProtection`,
    'ecs:cluster',
  ),
  elasticloadbalancing: elsewhere('DeregisterTargets DescribeTargetHealth RegisterTargets'),
  events: elsewhere('PutEvents'),
  logs: elsewhere('CreateLogDelivery CreateLogGroup CreateLogStream DescribeLogGroups DescribeLogStreams PutLogEvents'),
  route53: elsewhere('ChangeResourceRecordSets GetChange ListHostedZonesByName ListResourceRecordSets'),
  s3: elsewhere('AbortMultipartUpload GetBucketLocation GetObject GetObjectVersion ListBucket PutObject DeleteObject'),
  sns: elsewhere('Publish'),
  sqs: elsewhere(
    'ChangeMessageVisibility DeleteMessage GetQueueAttributes GetQueueUrl ReceiveMessage SendMessage PurgeQueue',
  ),
  ssm: elsewhere('GetParameter GetParameters GetParametersByPath UpdateInstanceInformation'),
  ssmmessages: elsewhere('CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel'),
  xray: elsewhere('GetSamplingRules GetSamplingTargets PutTelemetryRecords PutTraceSegments'),
};

const GLOBAL_KEYS = words(
  `aws:CurrentTime aws:EpochTime aws:PrincipalAccount aws:PrincipalArn aws:PrincipalIsAWSService
   aws:PrincipalServiceName aws:PrincipalTag/ aws:PrincipalType aws:RequestedRegion aws:ResourceAccount
   aws:SecureTransport aws:SourceAccount aws:SourceArn aws:userid aws:ViaAWSService`,
);

/** Condition keys that hold a set: without ForAllValues or ForAnyValue their meaning is undefined. */
const MULTIVALUED = new Set(
  words('dynamodb:leadingkeys dynamodb:attributes kms:encryptioncontextkeys iot:connectattributes'),
);

/** What a policy of AWS IoT Core may say: its MQTT actions, with the variables of a connection. */
const IOT_ACTIONS = words('Connect Publish Receive RetainPublish Subscribe');
const IOT_KEYS = words(
  `aws:SourceIp iot:CertificateId iot:Certificate.Subject.CommonName iot:ClientId iot:ConnectAttributes iot:DomainName iot:SourceIp
   iot:Connection.Thing.ThingName iot:Connection.Thing.ThingTypeName iot:Connection.Thing.IsAttached
   iot:Connection.Thing.Attributes[`,
);

/** Services that act here as they do in the cloud: they invoke functions, and components run as roles for them. */
const SERVICES_HERE = new Set(
  words(
    'apigateway.amazonaws.com ecs-tasks.amazonaws.com events.amazonaws.com iot.amazonaws.com lambda.amazonaws.com scheduler.amazonaws.com',
  ),
);

export type Dialect = 'iam' | 'iot';

/** The service that an action pattern names, or undefined for the bare `*`. */
export function serviceOf(pattern: string): string | undefined {
  const colon = pattern.indexOf(':');
  return colon < 0 ? undefined : pattern.slice(0, colon).toLowerCase();
}

/** Whether an action pattern stands for at least one action that exists. */
export function knowsAction(pattern: string, dialect: Dialect): boolean {
  if (pattern === '*') return true;
  const service = serviceOf(pattern);
  const actions = dialect === 'iot' ? (service === 'iot' ? IOT_ACTIONS : []) : (SERVICES[service ?? '']?.actions ?? []);
  const glob = globOf(pattern.slice((service ?? '').length + 1).toLowerCase());
  return actions.some((action) => matchesGlob(glob, action.toLowerCase()));
}

/** Whether a condition key (or variable) is filled in for requests to one of these services. */
export function knowsKey(key: string, services: readonly string[], dialect: Dialect): boolean {
  const known =
    dialect === 'iot' ? IOT_KEYS : [...GLOBAL_KEYS, ...services.flatMap((s) => SERVICES[s]?.conditionKeys ?? [])];
  const wanted = key.toLowerCase();
  return known.some((name) => {
    const lower = name.toLowerCase();
    // A name that ends in a separator stands for a family: aws:PrincipalTag/team, kms:EncryptionContext:table.
    return /[/:[]$/.test(lower) ? wanted.startsWith(lower) && wanted.length > lower.length : wanted === lower;
  });
}

/** Whether calls of this action are made against the local endpoint, so that "never used" means something. */
export function isObservable(pattern: string): boolean {
  const service = serviceOf(pattern);
  return service === undefined || SERVICES[service]?.place === 'served';
}

/** Whether a service principal ever makes a call here. */
export function actsHere(service: string): boolean {
  return SERVICES_HERE.has(service);
}

export function isMultivalued(key: string): boolean {
  return MULTIVALUED.has(key.toLowerCase());
}

/** All services, for a statement whose action is `*`. */
export function allServices(): readonly string[] {
  return Object.keys(SERVICES);
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
