// The engine comes in two parts: what the first cannot answer waits for the rest, and nothing wrong is shown meanwhile.
import { expect, test } from '@playwright/test';
import { FITS, open, planned, REFUSED, say } from './page';

test('before the rest of the engine is there, plain models are planned and others wait', async ({ page }) => {
  let send = () => {};
  const wanted = new Promise<void>((resolve) => (send = resolve));
  await page.route('**/vram.rest.wasm', async (route) => {
    await wanted;
    await route.continue();
  });
  await open(page);
  await say(page, REFUSED);
  const verdict = page.locator('.verdict');
  await expect(verdict).toContainText('Refused');
  const before = await verdict.textContent();
  await say(page, FITS);
  await page.waitForTimeout(300);
  expect(await verdict.textContent()).toBe(before);
  await expect(page.locator('.remark')).toHaveCount(0);
  send();
  await expect(verdict).not.toContainText('Refused');
  await expect(page.locator('.inv output', { hasText: '…' })).toHaveCount(0, { timeout: 20_000 });
});

test('a link to what needs the rest is answered when that is there', async ({ page }) => {
  await planned(page, FITS);
  await expect.poll(() => page.evaluate(() => location.hash)).toContain('#e/1/');
  const address = page.url();
  await page.goto('about:blank');
  await page.route('**/vram.rest.wasm', async (route) => {
    await expect(page.locator('h1')).toBeVisible();
    await route.continue();
  });
  await page.goto(address);
  await expect(page.locator('.said')).toBeVisible();
});

test('a rest that does not load is told, and the first part goes on', async ({ page }) => {
  await page.route('**/vram.rest.wasm', (route) => route.abort());
  await open(page);
  await expect(page.locator('.remark')).toContainText('The rest of the engine did not load');
  await say(page, REFUSED);
  await expect(page.locator('.said')).toBeVisible();
});
