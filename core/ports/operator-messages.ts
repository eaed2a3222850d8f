import type { OperatorEvent } from '../wire/operator-event.ts';

export type OperatorMessages = {
  publish(operator: string, event: OperatorEvent): Promise<void>;
};
