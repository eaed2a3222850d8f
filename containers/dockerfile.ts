/** What our Dockerfiles are made of, and nothing else: whatever is not understood here was not tried, so it is refused. */
export type Instruction =
  | { readonly kind: 'arg'; readonly name: string; readonly preset: string | undefined }
  | { readonly kind: 'from'; readonly image: string; readonly stage: string | undefined }
  | { readonly kind: 'run' | 'entrypoint'; readonly command: readonly string[] }
  | { readonly kind: 'healthcheck'; readonly options: string; readonly command: readonly string[] }
  | { readonly kind: 'workdir' | 'user'; readonly value: string }
  | { readonly kind: 'env' | 'label'; readonly name: string; readonly value: string }
  | { readonly kind: 'copy'; readonly stage: string | undefined; readonly source: string; readonly target: string };

export class DockerfileError extends Error {
  constructor(line: string, why: string) {
    super(`${line}: ${why}`);
    this.name = 'DockerfileError';
  }
}

/** The instructions in their order. Throws DockerfileError at the first line that is not of the kinds above. */
export const parseDockerfile = (text: string): readonly Instruction[] =>
  text.split('\n').flatMap((line) => (/^\s*(#|$)/.test(line) ? [] : [parseLine(line)]));

const parseLine = (line: string): Instruction => {
  const [, keyword = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
  switch (keyword) {
    case 'ARG': {
      const [name = '', preset] = rest.split('=', 2);
      return { kind: 'arg', name, preset };
    }
    case 'FROM': {
      const [, image, stage] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
      if (image === undefined) throw new DockerfileError(line, 'give one image, and a name for the stage at most');
      return { kind: 'from', image, stage };
    }
    case 'RUN':
      return { kind: 'run', command: exec(line, rest) };
    case 'ENTRYPOINT':
      return { kind: 'entrypoint', command: exec(line, rest) };
    case 'HEALTHCHECK': {
      const [, options = '', command] = /^((?:--\S+ )*)CMD (.+)$/.exec(rest) ?? [];
      if (command === undefined) throw new DockerfileError(line, 'give options and CMD');
      return { kind: 'healthcheck', options: options.trim(), command: exec(line, command) };
    }
    case 'WORKDIR':
      return { kind: 'workdir', value: rest };
    case 'USER':
      return { kind: 'user', value: rest };
    case 'ENV':
    case 'LABEL': {
      const [, name, value = ''] = /^([\w.]+)=(?=\S+$|".*"$)"?([^"]*)"?$/.exec(rest) ?? [];
      if (name === undefined) throw new DockerfileError(line, 'give one name=value, quoted if it has spaces');
      return { kind: keyword === 'ENV' ? 'env' : 'label', name, value };
    }
    case 'COPY': {
      const [, stage, source = '', target = ''] = /^(?:--from=(\S+) )?(\S+) (\S+)$/.exec(rest) ?? [];
      if (target === '') throw new DockerfileError(line, 'give one source and one target');
      return { kind: 'copy', stage, source, target };
    }
    default:
      throw new DockerfileError(line, 'not an instruction that can be tried');
  }
};

/** The form without a shell: what stands here is what runs, and signals reach it. */
const exec = (line: string, text: string): readonly string[] => {
  try {
    const command: unknown = JSON.parse(text);
    if (Array.isArray(command) && command.length > 0 && command.every((part) => typeof part === 'string'))
      return command;
  } catch {
    // Falls through: a shell's line is no JSON.
  }
  throw new DockerfileError(line, 'write the command as a JSON array');
};

/** The entries that a `.dockerignore` of the form "nothing but these" lets through. Throws on any other form. */
export const admittedEntries = (ignoreFile: string): readonly string[] => {
  const lines = ignoreFile.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (lines[0] !== '*') throw new Error('.dockerignore must begin with *');
  return lines.slice(1).map((line) => {
    if (!/^![\w.-]+$/.test(line)) throw new Error(`.dockerignore: ${line} is not the name of an entry to let through`);
    return line.slice(1);
  });
};
