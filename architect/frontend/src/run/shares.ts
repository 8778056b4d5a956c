/** Metrics that are a part of a whole, 0..1: shown in percent, and merged to their mean. */
const SHARES = /^utilization$|_probability$|^availability$|_share$|^read_your_writes$|_ratio$/;

export const isShare = (metric: string): boolean => SHARES.test(metric);
