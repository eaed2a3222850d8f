import { Aws, type Stack } from 'aws-cdk-lib';

/**
 * Names of the locked bucket and its key, so that writer and bucket find each other from two accounts: no reference
 * crosses accounts. A bucket's name is unique in the world, so the account stands in it; it has at
 * most 63 characters, which these are with the longest stage and Region.
 */
export const vaultNames = (stage: string, place: { readonly account: string; readonly region: string }) => ({
  bucket: `sallyport-${stage}-copy-${place.account}-${place.region}`,
  keyAlias: `alias/sallyport/${stage}-audit`,
  url: `https://sallyport-${stage}-copy-${place.account}-${place.region}.s3.${place.region}.${Aws.URL_SUFFIX}`,
});

/** Where the vault is, seen from the stack that writes to it. */
export const vaultPlace = (stack: Stack, account: string | undefined) => ({
  account: account ?? stack.account,
  region: stack.region,
});
