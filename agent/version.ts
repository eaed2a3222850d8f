/** Told to the cloud in hello. The same as in package.json, which a test checks. */
export const agentVersion = '0.1.0';
