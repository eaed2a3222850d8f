import type { Route } from '../../../local/http-api/api-definition.ts';
import { RateLimiter } from '../../../local/http-api/rate-limiter.ts';
import { matchRoute } from '../../../local/http-api/route-match.ts';

const routes = [
  '$default',
  'ANY /{proxy+}',
  'GET /pets/{id}',
  'ANY /pets/{id}',
  'GET /pets/dog',
  'GET /pets/{proxy+}',
].map((routeKey): Route => ({ id: routeKey, routeKey, integrationId: '', authorization: 'NONE', scopes: [] }));

test.each([
  ['GET', '/pets/dog', 'GET /pets/dog', {}],
  ['GET', '/pets/cat', 'GET /pets/{id}', { id: 'cat' }],
  ['POST', '/pets/dog', 'ANY /pets/{id}', { id: 'dog' }],
  ['GET', '/pets/a%2Fb/c', 'GET /pets/{proxy+}', { proxy: 'a/b/c' }],
  ['POST', '/else/where', 'ANY /{proxy+}', { proxy: 'else/where' }],
])('%s %s is %s', (method, path, routeKey, parameters) => {
  expect(matchRoute(routes, method, path)).toMatchObject({ route: { routeKey }, parameters });
});

test('without a default nothing matches what is not there, nor an empty variable', () => {
  const two = routes.filter(({ routeKey }) => routeKey === 'GET /pets/{id}');
  expect(matchRoute(two, 'GET', '/pets')).toBeUndefined();
  expect(matchRoute(two, 'GET', '/pets/')).toBeUndefined();
  expect(matchRoute(two, 'GET', '/pets/1/2')).toBeUndefined();
  expect(matchRoute(two, 'PUT', '/pets/1')).toBeUndefined();
});

test('a limiter lets a burst through and fills evenly', () => {
  let now = 0;
  const limiter = new RateLimiter({ burst: 2, perSecond: 10 }, () => now);
  expect([limiter.take(), limiter.take(), limiter.take()]).toEqual([true, true, false]);
  now = 100;
  expect([limiter.take(), limiter.take()]).toEqual([true, false]);
});
