import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Foundation, FunctionParts } from '../foundation.ts';
import { type FunctionName, functionNames } from '../functions.ts';
import { type FunctionNeeds, functionNeeds, type Setting } from '../rights/function-needs.ts';
import {
  attachmentStatement,
  certificateStatements,
  commandStatement,
  disconnectionStatement,
  operatorEventStatement,
  presenceStatement,
  retirementStatement,
} from '../rights/iot-right.ts';
import { keyStatement } from '../rights/key-right.ts';
import { secretStatement, secretVariable } from '../rights/secret-right.ts';
import { tableSettings, tableStatement } from '../rights/table-right.ts';
import { proxyDomain, relayPort, type StageConfig } from '../stage-config.ts';
import { HouseFunction } from './house-function.ts';

type FunctionSetOptions = FunctionParts & {
  /** What devices are told to dial. */
  readonly relayHost: string;
};

/** Every function, with what its entry of `functionNeeds` says and nothing more. */
export class FunctionSet extends Construct {
  readonly byName: Readonly<Record<FunctionName, LambdaFunction>>;

  constructor(scope: Construct, id: string, options: FunctionSetOptions) {
    super(scope, id);
    const { config, foundation, assets } = options;
    const made = functionNames.map((name) => {
      const needs = functionNeeds[name];
      const { lambda } = new HouseFunction(this, pascal(name), {
        name,
        assets,
        config,
        key: foundation.key,
        environment: environmentOf(needs, options),
        statements: statementsOf(needs, Stack.of(this), options),
        reserved: reservedFor(name, config),
      });
      return [name, lambda] as const;
    });
    this.byName = Object.fromEntries(made) as Record<FunctionName, LambdaFunction>;
  }
}

/** 0 stands for none kept; to Lambda it would mean that the function may never run. */
const reservedFor = (name: FunctionName, { reserved }: StageConfig): number | undefined => {
  if (name === 'tunnel-get') return reserved.waiting || undefined;
  if (name === 'open-for-jump') return reserved.jumps || undefined;
  return undefined;
};

const pascal = (name: string): string => name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

const environmentOf = (needs: FunctionNeeds, options: FunctionSetOptions): Record<string, string> => {
  const { foundation } = options;
  const secrets = [...(needs.reads ?? []), ...(needs.writes ?? [])];
  return {
    ...tableSettings(needs.tables, foundation),
    ...Object.fromEntries(secrets.map((name) => [secretVariable[name], foundation.secrets[name].secretArn])),
    ...Object.assign({}, ...needs.settings.map((setting) => settingOf(setting, options))),
  };
};

const settingOf = (setting: Setting, { config, foundation, relayHost }: FunctionSetOptions): Record<string, string> => {
  const { tokens } = foundation;
  switch (setting) {
    case 'domain':
      return { SALLYPORT_DOMAIN: proxyDomain(config) };
    case 'https':
      return { SALLYPORT_HTTPS: config.domain === undefined ? 'off' : 'on' };
    case 'relay':
      return { SALLYPORT_RELAY_HOST: relayHost, SALLYPORT_RELAY_PORT: String(relayPort(config)) };
    case 'delivery':
      return { SALLYPORT_DELIVERY: config.delivery };
    case 'adminGroup':
      return { SALLYPORT_ADMIN_GROUP: config.adminGroup };
    case 'signIn':
      return { SALLYPORT_SIGN_IN_SECONDS: String(config.signInSeconds) };
    case 'tokens':
      return {
        SALLYPORT_TOKEN_ISSUER: tokens.issuer,
        SALLYPORT_TOKEN_AUDIENCE: tokens.audience,
        SALLYPORT_TOKEN_JWKS: tokens.jwks,
      };
  }
};

const statementsOf = (
  needs: FunctionNeeds,
  stack: Stack,
  { config, foundation }: FunctionSetOptions,
): readonly PolicyStatement[] => {
  const { tables, reads = [], writes = [], speaks = [] } = needs;
  const secrets = [...reads, ...writes];
  const streams = speaks.includes('tunnelStream');
  const services = [
    ...(tables.length > 0 || streams ? (['dynamodb'] as const) : []),
    ...(secrets.length > 0 ? (['secretsmanager'] as const) : []),
  ];
  return [
    ...tables.map((right) => tableStatement(right, foundation)),
    ...reads.map((name) => secretStatement(foundation, name, 'GetSecretValue')),
    ...writes.map((name) => secretStatement(foundation, name, 'GetSecretValue', 'PutSecretValue')),
    ...(services.length > 0
      ? [keyStatement(foundation, services, writes.length > 0 ? ['Decrypt', 'GenerateDataKey'] : ['Decrypt'])]
      : []),
    ...(speaks.includes('commands') ? [commandStatement(stack, config.delivery)] : []),
    ...(speaks.includes('operatorEvents') ? [operatorEventStatement(stack)] : []),
    ...(speaks.includes('presence') ? [presenceStatement(stack)] : []),
    ...(speaks.includes('certificates') ? certificateStatements(stack) : []),
    ...(speaks.includes('attachments') ? [attachmentStatement(stack)] : []),
    ...(speaks.includes('retirement') ? [retirementStatement(stack)] : []),
    ...(speaks.includes('disconnection') ? [disconnectionStatement(stack)] : []),
    ...(streams ? [streamStatement(foundation)] : []),
  ];
};

/** What Lambda's poller asks of the role on whose behalf it reads. */
const streamStatement = ({ tables }: Foundation): PolicyStatement => {
  const stream = tables.tunnels.tableStreamArn;
  if (stream === undefined) throw new Error('Tunnels has no change stream');
  return new PolicyStatement({
    sid: 'TunnelsStream',
    actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
    resources: [stream],
  });
};
