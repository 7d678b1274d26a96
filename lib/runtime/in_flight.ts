/**
 * Does the same with each item, at most `jobs` at once; results in the order of the items. After a
 * failure nothing new is begun; what is under way is waited for, so that nobody writes or asks any
 * more when the first failure is told.
 */
export async function inFlight<T, R>(
  items: Iterable<T>,
  jobs: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const entries = items[Symbol.iterator]();
  const failure: { error?: unknown; happened: boolean } = { happened: false };
  let count = 0;
  const worker = async () => {
    for (let next = entries.next(); !next.done && !failure.happened; next = entries.next()) {
      const at = count++;
      try {
        results[at] = await work(next.value);
      } catch (error) {
        if (!failure.happened) Object.assign(failure, { error, happened: true });
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  if (failure.happened) throw failure.error;
  return results;
}
