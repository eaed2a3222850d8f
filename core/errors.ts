/** The one error table: a stable code, its HTTP status, whether trying again can help, what it says and what to do. */
type Row = { readonly status: number; readonly retry: boolean; readonly title: string; readonly next: string };

export const errorTable = {
  invalid_request: {
    status: 400,
    retry: false,
    title: 'The request is not well formed',
    next: 'Correct the field that `pointer` names.',
  },
  unauthenticated: { status: 401, retry: false, title: 'No valid sign-in', next: 'Sign in again and send the token.' },
  sign_in_expired: {
    status: 401,
    retry: false,
    title: 'The last sign-in is too old for this key',
    next: 'Sign in once through the API, then connect again.',
  },
  forbidden: { status: 403, retry: false, title: 'Not allowed', next: 'Ask an administrator.' },
  service_not_granted: {
    status: 403,
    retry: false,
    title: 'No grant to this service of the device',
    next: 'Ask an administrator for a grant to the service.',
  },
  not_granted: {
    status: 403,
    retry: false,
    title: 'The grants do not allow this',
    next: 'Ask for less, or an administrator for a wider grant.',
  },
  not_found: { status: 404, retry: false, title: 'Not found', next: 'Check the name, and that a grant reaches it.' },
  unknown_service: {
    status: 404,
    retry: false,
    title: 'The device has no such service',
    next: "Name one of the device's services.",
  },
  method_not_allowed: { status: 405, retry: false, title: 'No such method here', next: 'See the API reference.' },
  idempotency_conflict: {
    status: 409,
    retry: false,
    title: 'The Idempotency-Key was used with another request',
    next: 'Use a new key.',
  },
  in_progress: {
    status: 409,
    retry: true,
    title: 'The same request is being handled',
    next: 'Wait a second and ask again.',
  },
  tunnel_closed: { status: 409, retry: false, title: 'The tunnel has ended', next: 'Request a new one.' },
  conflict: { status: 409, retry: false, title: 'It belongs to somebody else', next: 'Use another.' },
  too_large: { status: 413, retry: false, title: 'The request is too large', next: 'Send at most 16 KB.' },
  misdirected: {
    status: 421,
    retry: false,
    title: 'The name asked for is not the name connected to',
    next: 'Open a new connection for each name.',
  },
  device_frozen: { status: 423, retry: false, title: 'The device is frozen', next: 'Ask an administrator.' },
  quota_exceeded: { status: 429, retry: true, title: 'Too many at once', next: 'Close one, or wait for one to end.' },
  too_many_waits: {
    status: 429,
    retry: true,
    title: 'Too many requests wait for this operator',
    next: 'Wait for one to answer.',
  },
  device_offline: {
    status: 503,
    retry: true,
    title: 'The device is not connected',
    next: 'Try again when it is back.',
  },
  device_silent: {
    status: 504,
    retry: true,
    title: 'The device is connected but does not answer',
    next: 'Try again in a minute; its connection may be dead.',
  },
  device_failed: { status: 502, retry: true, title: 'The device could not open the tunnel', next: 'See `detail`.' },
  device_unknown_agent: {
    status: 503,
    retry: true,
    title: 'The device has never said hello',
    next: 'Start its agent, or announce its key.',
  },
  not_confirmed: {
    status: 503,
    retry: true,
    title: 'The device has not confirmed this relay',
    next: 'Try again; a stock client needs an end-to-end service.',
  },
  ports_exhausted: { status: 503, retry: true, title: 'No port is free', next: 'Try again later.' },
  relay_unavailable: {
    status: 503,
    retry: true,
    title: 'No relay answers for this tunnel',
    next: 'Try again in a few seconds.',
  },
  stale: { status: 503, retry: true, title: 'The tunnel has moved', next: 'Try again.' },
  busy: { status: 503, retry: true, title: 'Busy', next: 'Try again in a second.' },
  timeout: { status: 504, retry: true, title: 'It took too long', next: 'Try again.' },
  unavailable: {
    status: 503,
    retry: true,
    title: 'A part of the system is not available',
    next: 'Try again in a few seconds.',
  },
  internal: {
    status: 500,
    retry: true,
    title: 'Something went wrong here',
    next: 'Try again; if it stays, tell the operators of this deployment.',
  },
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof errorTable;
export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorTable, code);

/** A refusal or failure with a stable code. `detail` and `pointer` reach the person; the cause never does. */
export class SallyportError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  /** RFC 6901 pointer to the field that is wrong. */
  readonly pointer: string | undefined;
  /** Further members of the problem body, such as `lastSeenAt`. */
  readonly extra: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: ErrorCode,
    options: {
      readonly detail?: string | undefined;
      readonly pointer?: string | undefined;
      readonly extra?: Readonly<Record<string, string | number | boolean>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(options.detail ?? errorTable[code].title, { cause: options.cause });
    this.name = 'SallyportError';
    this.code = code;
    this.detail = options.detail;
    this.pointer = options.pointer;
    this.extra = options.extra ?? {};
  }

  get status(): number {
    return errorTable[this.code].status;
  }
  get retry(): boolean {
    return errorTable[this.code].retry;
  }
}

/** RFC 9457 body. Unknown errors say nothing of themselves. */
export const problemOf = (error: unknown) => {
  const known = error instanceof SallyportError ? error : new SallyportError('internal');
  const row = errorTable[known.code];
  return {
    ...known.extra,
    type: `urn:sallyport:error:${known.code}`,
    code: known.code,
    status: row.status,
    title: row.title,
    detail: known.detail ?? row.next,
    next: row.next,
    retry: row.retry,
    ...(known.pointer === undefined ? {} : { pointer: known.pointer }),
  };
};

/** One line for people at the end of an SSH client or a log. */
export const lineOf = (error: unknown): string => {
  const problem = problemOf(error);
  return problem.detail === problem.next
    ? `${problem.code}: ${problem.title}. ${problem.next}`
    : `${problem.code}: ${problem.title}: ${problem.detail}. ${problem.next}`;
};
