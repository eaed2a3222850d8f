import type { StageConfig } from './schema.ts';

/** One Region's part of a stage: a whole of its own. */
export type Cell = {
  /** Begins the names of its stacks. */
  readonly prefix: string;
  readonly config: StageConfig;
};

/**
 * The cells of a stage: itself, unless it names several. Nothing conditional crosses Regions, so each has its own
 * tables, keys and domain (the directory of which device lives where is not ours to keep).
 */
export const cellsOf = (config: StageConfig): readonly Cell[] => {
  const { cells, ...whole } = config;
  if (cells === undefined) return [{ prefix: `sallyport-${config.name}`, config }];
  return cells.map((cell) => ({ prefix: `sallyport-${config.name}-${cell.region}`, config: { ...whole, ...cell } }));
};
