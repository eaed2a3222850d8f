import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnSecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

class HouseSecret extends Secret {
  constructor(scope: Construct, id: string, options: { readonly key: IKey; readonly description: string }) {
    super(scope, id, {
      encryptionKey: options.key,
      description: options.description,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    // Unasked, the CDK fills a secret with a random word, which would look like a key to whoever fills it later.
    const resource = this.node.defaultChild;
    if (resource instanceof CfnSecret) resource.addPropertyDeletionOverride('GenerateSecretString');
  }
}

/**
 * Keys that outlive every deployment. Host keys, link key and anchor key are filled in by `Custom::SallyportHostKeys`, the certificate
 * by its issuer: `{v: 1, cert, key}`, PEM, the chain in `cert`.
 */
export class SecretSet extends Construct {
  readonly hostKeys: Secret;
  readonly pins: Secret;
  readonly routerHostKeys: Secret;
  readonly linkKey: Secret;
  readonly anchorKey: Secret;
  readonly certificate: Secret;

  constructor(scope: Construct, id: string, options: { readonly key: IKey }) {
    super(scope, id);
    const { key } = options;
    this.hostKeys = new HouseSecret(this, 'HostKeys', { key, description: 'SSH host keys that all relays serve' });
    this.pins = new HouseSecret(this, 'Pins', { key, description: "Public halves of the relays' host keys" });
    this.routerHostKeys = new HouseSecret(this, 'RouterHostKeys', { key, description: 'SSH host keys of the routers' });
    this.linkKey = new HouseSecret(this, 'LinkKey', { key, description: 'Signs one-use links and their cookies' });
    this.anchorKey = new HouseSecret(this, 'AnchorKey', { key, description: 'Signs the anchors of audit copies' });
    this.certificate = new HouseSecret(this, 'Certificate', { key, description: 'Wildcard certificate and its key' });
  }
}
