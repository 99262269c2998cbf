// Waiting for something to hold, by looking now and then.
import assert from 'node:assert/strict';

const PATIENCE_MS = 20_000;

export async function until(holds, what) {
  const end = performance.now() + PATIENCE_MS;
  while (!holds()) {
    assert.ok(performance.now() < end, `waited for ${what}`);
    await new Promise((look) => setTimeout(look, 10));
  }
}
