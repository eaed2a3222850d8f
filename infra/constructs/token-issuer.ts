import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccountRecovery, CfnUserPoolGroup, FeaturePlan, Mfa, UserPool } from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import type { StageConfig } from '../stage-config.ts';

/** Who vouches for operators. */
export type Tokens = { readonly issuer: string; readonly audience: string; readonly jwks: string };

/** The stage's own issuer, or a Cognito user pool made for it. */
export class TokenIssuer extends Construct {
  readonly tokens: Tokens;
  readonly userPool: UserPool | undefined;

  constructor(scope: Construct, id: string, options: { readonly config: StageConfig }) {
    super(scope, id);
    const { tokens, adminGroup } = options.config;
    if (tokens.kind === 'oidc') {
      this.tokens = { issuer: tokens.issuer, audience: tokens.audience, jwks: tokens.jwks };
      return;
    }
    const pool = new UserPool(this, 'Operators', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      passwordPolicy: { minLength: 14 },
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      featurePlan: FeaturePlan.ESSENTIALS,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    new CfnUserPoolGroup(this, 'Administrators', {
      userPoolId: pool.userPoolId,
      groupName: adminGroup,
      description: 'Administers devices and grants',
    });
    const client = pool.addClient('Client', {
      authFlows: { userSrp: true },
      disableOAuth: true,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      accessTokenValidity: Duration.hours(1),
      idTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.hours(12),
    });
    const issuer = `https://cognito-idp.${Aws.REGION}.${Aws.URL_SUFFIX}/${pool.userPoolId}`;
    this.userPool = pool;
    this.tokens = { issuer, audience: client.userPoolClientId, jwks: `${issuer}/.well-known/jwks.json` };
  }
}
