import { rmSync } from 'node:fs';

export default () => {
  const folder = process.env.SALLYPORT_TEST_RUN;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
};
