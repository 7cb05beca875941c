// Everything goes to stderr: stdout belongs to the command itself, which may print JSON.
const QUIET_MS = 1_000;
const REMINDER_MS = 15_000;

/**
 * Runs a task and says so when it takes longer than a second.
 * @template T
 * @param {string} label
 * @param {() => T | Promise<T>} task
 * @returns {Promise<T>}
 */
export async function step(label, task) {
  const startedAt = Date.now();
  const seconds = () => ((Date.now() - startedAt) / 1000).toFixed(1);
  let isAnnounced = false;
  const announce = setTimeout(() => {
    isAnnounced = true;
    console.error(`  … ${label}`);
  }, QUIET_MS);
  const reminder = setInterval(
    () => console.error(`    still at it after ${Math.round((Date.now() - startedAt) / 1000)} s`),
    REMINDER_MS,
  );
  try {
    const result = await task();
    if (isAnnounced) console.error(`  ✓ ${label} (${seconds()} s)`);
    return result;
  } catch (error) {
    if (isAnnounced) console.error(`  ✗ ${label} (${seconds()} s)`);
    throw error;
  } finally {
    clearTimeout(announce);
    clearInterval(reminder);
  }
}
