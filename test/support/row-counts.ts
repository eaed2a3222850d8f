import { type TableNoun, tables } from '../../core/names.ts';
import type { LocalSystem } from '../../local/system/system.ts';

/** How many rows each table has; `Relays` is left out, for relays raise their leases whatever else happens. */
export async function rowCounts(system: LocalSystem): Promise<Readonly<Partial<Record<TableNoun, number>>>> {
  const nouns = (Object.keys(tables) as TableNoun[]).filter((noun) => noun !== 'relays');
  const counts = await Promise.all(nouns.map(async (noun) => [noun, (await rowsOf(system, noun)).length] as const));
  return Object.fromEntries(counts);
}

/** All rows of a table, as DynamoDB shows them. */
export async function rowsOf(system: LocalSystem, noun: TableNoun): Promise<readonly object[]> {
  const name = String(system.plane.outputs['sallyport-local-stateful']?.[`Table${tables[noun]}`]);
  const rows: object[] = [];
  let from: unknown;
  do {
    const request = { TableName: name, ...(from === undefined ? {} : { ExclusiveStartKey: from }) };
    const { status, body } = await system.plane.dynamodb.call('Scan', request);
    if (status !== 200) throw new Error(`the table ${name} was not read: ${JSON.stringify(body)}`);
    const page = body as { readonly Items: readonly object[]; readonly LastEvaluatedKey?: unknown };
    rows.push(...page.Items);
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return rows;
}
