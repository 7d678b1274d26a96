/**
 * Does the same with each item, at most `jobs` at once. After a failure nothing new is begun; what is
 * under way is waited for, so that nobody writes any more when the failure is told.
 */
export async function inFlight<T>(
  items: Iterable<T>,
  jobs: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const entries = items[Symbol.iterator]();
  const failure: { error?: unknown; happened: boolean } = { happened: false };
  const worker = async () => {
    for (let next = entries.next(); !next.done && !failure.happened; next = entries.next()) {
      try {
        await work(next.value);
      } catch (error) {
        if (!failure.happened) Object.assign(failure, { error, happened: true });
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  if (failure.happened) throw failure.error;
}
