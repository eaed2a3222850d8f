import type { Route } from './api-definition.ts';

export interface RouteMatch {
  readonly route: Route;
  /** Decoded. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * The route of a request: the most specific one wins, so a fixed segment before a variable, a variable before a greedy
 * one, the method before ANY, and `$default` last ("Working with routes for HTTP APIs").
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | undefined {
  const found = routes.flatMap((route) => matchOne(route, method, path) ?? []);
  return found.sort((a, b) => rankOf(a.route).localeCompare(rankOf(b.route)))[0];
}

function matchOne(route: Route, method: string, path: string): RouteMatch | undefined {
  if (route.routeKey === '$default') return { route, parameters: {} };
  const [wanted = '', pattern = ''] = route.routeKey.split(' ');
  if (wanted !== 'ANY' && wanted !== method) return undefined;
  const parts = pattern.split('/');
  const given = path.split('/');
  const parameters: Record<string, string> = {};
  for (const [at, part] of parts.entries()) {
    const name = /^\{(.+?)(\+?)\}$/.exec(part);
    if (name?.[2] === '+') {
      parameters[name[1] ?? ''] = decode(given.slice(at).join('/'));
      return given.length > at ? { route, parameters } : undefined;
    }
    const segment = given[at];
    if (segment === undefined) return undefined;
    if (name === null ? part !== segment : segment === '') return undefined;
    if (name !== null) parameters[name[1] ?? ''] = decode(segment);
  }
  return given.length === parts.length ? { route, parameters } : undefined;
}

/** Sorts by specificity, segment by segment. */
function rankOf({ routeKey }: Route): string {
  if (routeKey === '$default') return '9';
  const [method = '', pattern = ''] = routeKey.split(' ');
  const segments = pattern.split('/').map((part) => (part.endsWith('+}') ? '3' : part.startsWith('{') ? '2' : '1'));
  return `${segments.join('')}${method === 'ANY' ? '2' : '1'}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
