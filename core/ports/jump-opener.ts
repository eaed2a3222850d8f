/** A router asks the control plane to open a tunnel on demand; the other side checks everything again. */
export type JumpOpener = {
  open(request: {
    readonly router: string;
    readonly operator: string;
    readonly groups: readonly string[];
    readonly device: string;
    readonly service: string | number;
    readonly source: string;
  }): Promise<
    | { readonly ok: true; readonly tunnel: string }
    | { readonly ok: false; readonly code: string; readonly detail?: string | undefined }
  >;
};
