/**
 * Makes of work a function that asks for it: while it is being done, further asking means once more afterwards, however
 * often, so that a slider that is dragged never waits for what nobody looks at any more.
 */
export function latest(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let again = false;
  const untilNobodyAsks = async (): Promise<void> => {
    do {
      again = false;
      await work();
    } while (again);
  };
  return () => {
    if (running !== undefined) again = true;
    else running = untilNobodyAsks().finally(() => (running = undefined));
    return running!;
  };
}
