/**
 * Bundled in the place of `@aws-sdk/credential-provider-node`, the clients' default. Lambda hands a function its role's
 * credentials as environment variables, fresh with each execution environment; the library's own chain would also look
 * for profiles, single sign-on and instance metadata, in a fifth of the bundle.
 */
export const defaultProvider = () => async () => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = process.env;
  // The name by which the library knows that trying again is of no use.
  if (!accessKeyId || !secretAccessKey)
    throw Object.assign(new Error('the environment holds no AWS credentials'), { name: 'CredentialsProviderError' });
  return { accessKeyId, secretAccessKey, ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}) };
};
