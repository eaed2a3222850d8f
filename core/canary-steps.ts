/** What the canary does in each run, in this order; the alarm and the dashboard know the same names. */
export const canarySteps = ['request', 'open', 'jump', 'close', 'demand', 'https'] as const;
export type CanaryStep = (typeof canarySteps)[number];

/** The thing name of the canary's device: enrolled like any other, with a service `ssh`. */
export const canaryDevice = 'sallyport-canary';
