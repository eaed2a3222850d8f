/** What processes say of themselves (adapters/stdout/metrics): a namespace, and which process says it. */
export const metricNamespace = 'Sallyport';
/** Tunnels that a relay holds now, told each minute by each relay; their average is the fleet's mean. */
export const tunnelsMetric = { name: 'tunnels', dimensions: { process: 'relay' } } as const;
