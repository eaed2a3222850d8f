/** The gateway's own answers, word for word as API Gateway gives them for HTTP APIs. */
const messages = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Request Entity Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

/** An answer that the gateway gives without the function, or in its place. */
export class GatewayRefusal extends Error {
  readonly status: keyof typeof messages;
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail for the access log only */
  constructor(status: keyof typeof messages, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.name = 'GatewayRefusal';
    this.status = status;
    this.headers = headers;
  }

  get body(): string {
    return JSON.stringify({ message: messages[this.status] });
  }
}
