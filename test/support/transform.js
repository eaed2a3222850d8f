// TypeScript to JavaScript for jest: types are checked by `npm run types`, so here they are only removed.
import { transformSync } from 'esbuild';

export default {
  process: (source, path) => {
    const result = transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      sourcefile: path,
    });
    return { code: result.code };
  },
};
