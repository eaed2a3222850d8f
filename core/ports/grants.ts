import type { Grant } from '../model/grant.ts';
import type { Page, PageRequest } from './outcome.ts';

export type Grants = {
  /** Every grant of these principals; one query a principal. Ended grants may be among them. */
  of(principals: readonly string[]): Promise<readonly Grant[]>;
  put(grant: Grant): Promise<void>;
  get(principal: string, id: string): Promise<Grant | undefined>;
  /** True when there was one. */
  remove(principal: string, id: string): Promise<boolean>;
  list(principal: string, page: PageRequest): Promise<Page<Grant>>;
};
