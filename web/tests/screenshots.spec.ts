// The pictures of docs/screenshots; `make screenshots` runs this alone.
import { test, type Page } from '@playwright/test';
import { FITS, LOG, open, planned, REFUSED, REGISTRY, settled } from './page';

declare const process: { env: Record<string, string | undefined> };

const FOLDER = process.env['SCREENSHOTS'];
test.skip(!FOLDER, 'only by make screenshots');

async function picture(page: Page, name: string, full = true): Promise<void> {
  await page.screenshot({ path: `${FOLDER}/${name}.png`, fullPage: full });
}

test('desktop, light and dark', async ({ page }) => {
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await planned(page, FITS);
    await settled(page);
    await picture(page, `fits-${theme}`);
  }
});

test('the other views', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await open(page);
  await picture(page, 'first');
  await planned(page, REFUSED);
  await settled(page);
  await picture(page, 'refused');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('qwen3 32b fp8 on 2x4090 32K ctx');
  await picture(page, 'palette', false);
  await open(page);
  await page.reload();
  await page.getByRole('button', { name: 'Numbers by hand' }).click();
  await page.getByLabel('Profile', { exact: true }).selectOption('ada_16gb');
  await picture(page, 'numbers');
});

test('a log', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await open(page, '#d');
  await page.locator('.paste').fill(LOG);
  await page.waitForSelector('.log');
  await picture(page, 'diagnose');
});

test('compare, apply, phone', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await planned(page, 'llama 3.1 8b instruct on h100, 8K ctx, util .95, vllm 0.19');
  await page.getByRole('button', { name: 'Compare with…' }).click();
  await page.getByLabel('Another set-up').fill('llama 3.1 8b instruct on 2x h100, 8K ctx, util .95, vllm 0.19');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('button', { name: 'Remove B' }).click();
  await page.waitForTimeout(300);
  await picture(page, 'compare');
  await open(page);
  await page.reload();
  await page.locator('.doors input[type=file]').setInputFiles({ name: 'model_registry.json', mimeType: 'application/json', buffer: Buffer.from(REGISTRY) });
  await page.getByLabel('Describe a set-up').fill('qwen3 8b on 4090, 8K ctx');
  await page.getByRole('button', { name: 'Apply to registry…' }).click();
  await picture(page, 'apply', false);
  await page.setViewportSize({ width: 375, height: 812 });
  await planned(page, FITS);
  await settled(page);
  await picture(page, 'phone', false);
});
