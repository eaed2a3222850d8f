/** The API as one operator calls it. What its body is taken for is checked by whoever reads it. */
export type OperatorApi = {
  call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly body: unknown }>;
};

/** An SSH key in memory, and the way through the routers with it. */
export type JumpClient = {
  /** `<type> <base64>` */
  readonly publicKey: string;
  readonly fingerprint: string;
  /** An SSHSIG over the message. */
  sign(message: string, namespace: string): string;
  /**
   * Jumps to that name as `ssh -J` does, and answers the host key, `<type> <base64>`, that the SSH server at the end proved
   * to hold. Rejects with the router's reason when it lets nobody through.
   */
  reach(target: { readonly host: string; readonly port: number }): Promise<string>;
};

/** Asks a name of the proxy domain by HTTPS, as a browser does. Rejects when TLS does not stand. */
export type WebClient = (asked: {
  readonly host: string;
  readonly path?: string;
  readonly cookie?: string;
}) => Promise<{
  readonly status: number;
  /** The first cookie that was set, `<name>=<value>`. */
  readonly cookie: string | undefined;
  /** The media type. */
  readonly type: string | undefined;
}>;
