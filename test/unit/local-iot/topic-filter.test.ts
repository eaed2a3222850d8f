import { awsQuotas } from '../../../local/iot/quotas.ts';
import { basicIngest, isFilter, isPublishable, topicMatches } from '../../../local/iot/topic-filter.ts';

test.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/b', 'a', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a/', true],
  ['a/+', 'a', false],
  ['a/+/c', 'a/b/c', true],
  ['+', 'a', true],
  ['+/+', '/a', true],
  ['#', 'a/b', true],
  ['a/#', 'a/b/c', true],
  ['a/#', 'a/', true],
  // AWS differs from MQTT here: the parent is not matched.
  ['a/#', 'a', false],
  ['#', '$aws/events/x', false],
  ['+/events/x', '$aws/events/x', false],
  ['$aws/events/+', '$aws/events/x', true],
])('%s and %s: %s', (filter, topic, matching) => {
  expect(topicMatches(filter, topic)).toBe(matching);
});

test.each([
  ['a/b', true],
  ['', false],
  ['a/+', false],
  ['a/#', false],
  ['a\0b', false],
  ['1/2/3/4/5/6/7/8', true],
  ['1/2/3/4/5/6/7/8/9', false],
  ['x'.repeat(256), true],
  ['ü'.repeat(129), false],
  ['$aws/events/presence/connected/x', false],
  ['$aws/things/x/shadow/update', false],
  ['$aws/rules/name', true],
  ['$aws/rules/name/1/2/3/4/5/6/7/8', true],
  ['$aws/rules/name/1/2/3/4/5/6/7/8/9', false],
  [`$aws/rules/name/${'x'.repeat(256)}`, true],
])('publishing to %s: %s', (topic, allowed) => {
  expect(isPublishable(topic, awsQuotas)).toBe(allowed);
});

test.each([
  ['a/+/#', true],
  ['#', true],
  ['+', true],
  ['a/b+', false],
  ['a/#/b', false],
  ['a#', false],
  ['', false],
  ['1/2/3/4/5/6/7/8/#', false],
])('subscribing to %s: %s', (filter, allowed) => {
  expect(isFilter(filter, awsQuotas)).toBe(allowed);
});

test('a Basic Ingest topic is the rule and what follows', () => {
  expect(basicIngest('$aws/rules/name/a/b')).toEqual({ rule: 'name', topic: 'a/b' });
  expect(basicIngest('$aws/rules/name')).toEqual({ rule: 'name', topic: '' });
  expect(basicIngest('a/b')).toBeUndefined();
});
