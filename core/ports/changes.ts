import type { Change, ChangeWhat } from '../model/change.ts';

export type Changes = {
  append(what: ChangeWhat, at: number): Promise<void>;
  /** All changes whose time is later, of every shard, in order of time. */
  since(at: number): Promise<readonly Change[]>;
};
