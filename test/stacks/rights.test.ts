import { synthesizeStage } from './stage.ts';
import { rightsOf, statementsOf } from './statements.ts';

const { control, data } = synthesizeStage();

/** Table -> actions, of one role. */
const tablesOf = (role: string) => {
  const statements = [control, data].flatMap(statementsOf).filter((statement) => statement.role === role);
  const rights: Record<string, string[]> = {};
  for (const { actions, resources } of statements)
    for (const resource of resources) {
      const table = /^<Tables(\w+)>(?:\/index\/(\w+))?$/.exec(resource);
      if (table === null) continue;
      const name = table[2] === undefined ? `${table[1]}` : `${table[1]}.${table[2]}`;
      rights[name] = [...(rights[name] ?? []), ...actions.map((action) => action.replace('dynamodb:', ''))];
    }
  return rights;
};

test('a relay takes tunnels, and reads no grant and no operator key', () => {
  expect(tablesOf('RelayTaskRole')).toEqual({
    Devices: ['GetItem'],
    Tunnels: ['GetItem', 'UpdateItem'],
    PortClaims: ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
    Relays: ['PutItem', 'DeleteItem', 'UpdateItem'],
    'Relays.byRegistry': ['Query'],
    Changes: ['Query'],
    Audit: ['PutItem'],
  });
});

test('a router reads, appends audit records, notes used links, and invokes one function', () => {
  expect(tablesOf('RouterTaskRole')).toEqual({
    Devices: ['GetItem'],
    Tunnels: ['GetItem'],
    PortClaims: ['GetItem'],
    Relays: ['GetItem'],
    Grants: ['Query'],
    OperatorKeys: ['GetItem'],
    Once: ['PutItem'],
    Changes: ['Query'],
    Audit: ['PutItem'],
  });
  const router = statementsOf(data).filter(({ role }) => role === 'RouterTaskRole');
  expect(router.flatMap(({ actions }) => actions).filter((action) => action.startsWith('iot:'))).toEqual([]);
  const [notes] = router.filter(({ resources }) => resources.includes('<TablesOnce>'));
  expect(notes?.conditions).toEqual({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['link:*'] } });
  const invoked = router.filter(({ actions }) => actions.includes('lambda:InvokeFunction'));
  expect(invoked.map(({ resources }) => resources)).toEqual([['<FunctionsOpenForJumpFunction>']]);
});

test('only tunnels are requested by the functions that open them', () => {
  for (const role of ['TunnelRequestRole', 'TunnelRequestMqttRole', 'OpenForJumpRole'])
    expect(tablesOf(role)).toMatchObject({ Grants: ['Query'], Audit: ['PutItem'], 'Tunnels.byOperator': ['Query'] });
  const putters = statementsOf(control).filter(
    ({ actions, resources }) => actions.includes('dynamodb:PutItem') && resources.includes('<TablesTunnels>'),
  );
  expect(putters.map(({ role }) => role)).toEqual(['TunnelRequestRole', 'TunnelRequestMqttRole', 'OpenForJumpRole']);
});

test('a sign-in is noted and read without reach to the keys beside it', () => {
  for (const role of ['TunnelRequestRole', 'TunnelRequestMqttRole', 'OpenForJumpRole']) {
    const [right, ...more] = statementsOf(control).filter(
      (statement) => statement.role === role && statement.resources.includes('<TablesOperatorKeys>'),
    );
    expect(more).toEqual([]);
    expect(right?.conditions).toEqual({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['o*'] } });
  }
});

test('what a device says cannot touch the rows by which devices are found', () => {
  const right = statementsOf(control).find(
    ({ role, resources }) => role === 'DeviceEventRole' && resources.includes('<TablesDevices>'),
  );
  expect(right?.conditions).toEqual({ 'ForAllValues:StringNotLike': { 'dynamodb:LeadingKeys': ['*#*'] } });
});

test('commands go to devices only, on their own topics', () => {
  const speakers = statementsOf(control).filter(({ actions }) => actions.includes('iot:SendDirectMessage'));
  expect(speakers).toHaveLength(5);
  for (const { conditions, resources } of speakers) {
    expect(conditions).toEqual({ StringLike: { 'iot:Topic': 'sallyport/v1/devices/*/commands' } });
    expect(resources).toEqual(['arn:<AWS::Partition>:iot:<AWS::Region>:<AWS::AccountId>:client/*']);
  }
  const published = statementsOf(synthesizeStage({ delivery: 'publish' }).control);
  expect(published.some(({ actions }) => actions.includes('iot:SendDirectMessage'))).toBe(false);
  expect(
    published.filter(({ resources }) =>
      resources.some((resource) => resource.endsWith('topic/sallyport/v1/devices/*/commands')),
    ),
  ).toHaveLength(5);
});

test('who may do what is this', () => {
  expect(rightsOf([control, data])).toMatchSnapshot();
});
