/** Why a tunnel ended. Kept in the row, told in the API, on the operator's topic and in the audit log. */
export const closeReasons = [
  'expired',
  'idle',
  'operator',
  'device',
  'policy',
  'device_offline',
  'device_silent',
  'device_failed',
  'unanswered',
  'interrupted',
] as const;
export type CloseReason = (typeof closeReasons)[number];
