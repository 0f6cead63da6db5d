/** The longest that one timer of Node can wait; a longer delay would fire at once. */
const longestWait = 2 ** 31 - 1;

/** Calls `then` once after `milliseconds`, however many; keeps no process alive. Returns a function that calls it off. */
export function after(milliseconds: number, then: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    const now = Math.min(left, longestWait);
    timer = setTimeout(() => (left > now ? wait(left - now) : then()), now).unref();
  };
  wait(milliseconds);
  return () => clearTimeout(timer);
}
