import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { exitCodes } from '../../../agent/arguments.ts';
import { agentConfigSchema } from '../../../agent/config.ts';
import { agentClientId } from '../../../core/names.ts';
import { agentConfig } from './fakes.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const page = read('docs/agent.md');

type Schema = z.core.JSONSchema.JSONSchema;
type Field = { readonly name: string; readonly schema: Schema; readonly isRequired: boolean };

const inner = (schema: Schema): Schema => {
  const { items } = schema;
  return typeof items === 'object' && !Array.isArray(items) && items.type === 'object' ? items : schema;
};

/** Every field that has a value of its own, by the name that the page has for it: `services[].port`. */
const fieldsOf = (schema: Schema, prefix = ''): readonly Field[] =>
  Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const about = typeof value === 'object' ? value : {};
    const name = `${prefix}${key}`;
    const field = { name, schema: about, isRequired: schema.required?.includes(key) ?? false };
    if (about.type === 'object') return fieldsOf(about, `${name}.`);
    return inner(about) === about ? [field] : [field, ...fieldsOf(inner(about), `${name}[].`)];
  });

const fields = fieldsOf(z.toJSONSchema(agentConfigSchema, { io: 'input' }));
/** Field -> its default and what is allowed, as the page says. */
const rows = new Map(
  [...page.matchAll(/^\| `([^`]+)` \| ([^|]*) \| ([^|]*) \| [^|]+ \|$/gm)].map(
    ([, name = '', preset = '', allowed = '']) => [name, { preset, allowed }],
  ),
);

describe('the page of the agent', () => {
  test('has one row for every field of the config, and no other', () => {
    expect(fields.length).toBeGreaterThan(20);
    expect([...rows.keys()]).toEqual(fields.map(({ name }) => name));
  });

  test.each(fields)('says the default of $name', ({ name, schema, isRequired }) => {
    const { preset } = rows.get(name) ?? {};
    if (isRequired) expect(preset).toBe('required');
    else if (schema.default !== undefined) expect(preset).toBe(`\`${JSON.stringify(schema.default)}\``);
    else expect(preset).toMatch(/^the /);
  });

  test.each(fields)('says what is allowed for $name', ({ name, schema }) => {
    const allowed = rows.get(name)?.allowed ?? '';
    const numbers = (allowed.match(/\d+(\.\d+)?/g) ?? []).map(Number);
    const most = schema.maximum ?? schema.maxItems;
    const bounds = [schema.minimum ?? schema.minItems, most === Number.MAX_SAFE_INTEGER ? undefined : most];
    if (['integer', 'number', 'array'].includes(String(schema.type)))
      expect(numbers).toEqual(bounds.filter((bound) => bound !== undefined));
    for (const word of schema.enum ?? (schema.type === 'boolean' ? [true, false] : []))
      expect(allowed).toContain(`\`${word}\``);
  });

  test('shows a config that is one', () => {
    const samples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => JSON.parse(text));
    expect(samples.length).toBeGreaterThan(0);
    for (const sample of samples) expect(agentConfig(sample).services.length).toBeGreaterThan(0);
  });

  test('names every exit code, and the client id that the device policy allows', () => {
    for (const code of Object.values(exitCodes)) expect(page).toContain(`\n| ${code} | `);
    expect(page).toContain(`\`${agentClientId('<device>')}\``);
  });

  test('is linked from the README', () => {
    expect(read('README.md')).toContain('](docs/agent.md)');
  });
});
