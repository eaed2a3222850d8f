/** The errors of the data plane (`@aws-sdk/client-iot-data-plane`, errors) and their HTTP status. */
const STATUS = {
  InvalidRequestException: 400,
  ForbiddenException: 403,
  ResourceNotFoundException: 404,
  MethodNotAllowedException: 405,
  RequestEntityTooLargeException: 413,
  ThrottlingException: 429,
  GatewayTimeoutException: 504,
} as const;

export type DataPlaneErrorName = keyof typeof STATUS;

/** A refusal of the data plane. */
export class DataPlaneError extends Error {
  override readonly name: DataPlaneErrorName;
  readonly status: number;

  constructor(name: DataPlaneErrorName, message: string) {
    super(message);
    this.name = name;
    this.status = STATUS[name];
  }
}
