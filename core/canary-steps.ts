/** What the canary does in each run, in this order; the alarm and the dashboard know the same names. */
export const canarySteps = ['request', 'open', 'jump', 'close', 'demand', 'https', 'link'] as const;
export type CanaryStep = (typeof canarySteps)[number];
/** Those that take a certificate, and so a domain. */
export const httpsSteps: readonly CanaryStep[] = ['https', 'link'];

/** The thing name of the canary's device: enrolled like any other, with services `ssh` and `web`. */
export const canaryDevice = 'sallyport-canary';
