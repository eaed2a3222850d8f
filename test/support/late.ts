/** Rejects after so many milliseconds: what a race gives something that may never come. */
export const late = (milliseconds: number): Promise<never> =>
  new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not done in ${milliseconds} ms`)), milliseconds).unref();
  });
