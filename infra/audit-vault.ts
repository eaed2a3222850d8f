import { Aws, type Stack } from 'aws-cdk-lib';

/**
 * Names of the locked bucket and its key, so that writer and bucket find each other from two accounts: no reference
 * crosses accounts. A bucket's name is unique in the world, so the account stands in it.
 */
export const vaultNames = (stage: string, place: { readonly account: string; readonly region: string }) => ({
  bucket: `sallyport-${stage}-audit-${place.account}-${place.region}`,
  keyAlias: `alias/sallyport/${stage}-audit`,
  url: `https://sallyport-${stage}-audit-${place.account}-${place.region}.s3.${place.region}.${Aws.URL_SUFFIX}`,
});

/** Where the vault is, seen from the stack that writes to it. */
export const vaultPlace = (stack: Stack, account: string | undefined) => ({
  account: account ?? stack.account,
  region: stack.region,
});
