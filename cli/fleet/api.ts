import { UsageError } from '../command.ts';

/** The deployment's API, as an administrator. */
export type Api = {
  /** Throws an error with the problem's code and advice. */
  call<Body>(method: 'GET' | 'PATCH' | 'POST', path: string, body?: unknown): Promise<Body>;
};

/** Reads SALLYPORT_API and SALLYPORT_TOKEN. Throws a `UsageError` without them. */
export const openApi = (): Api => {
  const { SALLYPORT_API: url, SALLYPORT_TOKEN: token } = process.env;
  if (!url || !token)
    throw new UsageError(
      "Set SALLYPORT_API (the JwtApiUrl of the deployment) and SALLYPORT_TOKEN (an administrator's).",
    );
  return {
    async call<Body>(method: string, path: string, body?: unknown) {
      const response = await fetch(new URL(path, url), {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(30_000),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      // What the API answers is not checked here; who asks knows what it promises.
      const answer: unknown = await response.json().catch(() => ({}));
      if (response.ok) return answer as Body;
      const { code = `HTTP ${response.status}`, detail = '' } = answer as { code?: string; detail?: string };
      throw new Error(`${code}: ${detail}`);
    },
  };
};
