/** How a client of the SDK is set up as a role of the local system, whose variables these are. */
export const roleClient = (variables: Readonly<Record<string, string>>, region: string) => ({
  endpoint: variables.AWS_ENDPOINT_URL ?? '',
  region,
  credentials: {
    accessKeyId: variables.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: variables.AWS_SECRET_ACCESS_KEY ?? '',
    sessionToken: variables.AWS_SESSION_TOKEN ?? '',
  },
});
