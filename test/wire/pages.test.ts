import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeReasons } from '../../core/model/close-reason.ts';
import { commandSchema } from '../../core/wire/command.ts';
import { deviceEventSchema } from '../../core/wire/device-event.ts';
import { doorAnswers } from '../../core/wire/door.ts';
import { errorsPage } from '../../docs/write-errors.ts';
import { routes } from '../../infra/routes.ts';

const page = (name: string) => readFileSync(join(process.cwd(), 'docs', name), 'utf8');

test('the page of errors is what the table says', () => {
  expect(page('errors.md')).toBe(errorsPage());
});

test.each([
  ...routes.map(({ method, path }) => `${method} ${path}`),
  ...commandSchema.options.map((option) => option.shape.type.value),
  ...deviceEventSchema.options.map((option) => option.shape.type.value),
  ...closeReasons,
  ...doorAnswers,
])('the page of the protocol names `%s`', (word) => {
  expect(page('protocol.md')).toContain(`\`${word}\``);
});
