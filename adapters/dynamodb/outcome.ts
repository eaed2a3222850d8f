import type { Outcome } from '../../core/ports/outcome.ts';

/** The same outcome about the model instead of the row. */
export const outcomeOf = <Row, Model>(outcome: Outcome<Row>, model: (row: Row) => Model): Outcome<Model> =>
  outcome.ok
    ? { ok: true, row: model(outcome.row) }
    : { ok: false, lost: outcome.lost, row: outcome.row === undefined ? undefined : model(outcome.row) };
