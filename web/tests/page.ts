// What the tests do with the page.
import { expect, type Page } from '@playwright/test';

export { LOG, TINY } from './given.mjs';
export { REGISTRY } from './registry.mjs';

export const FITS = 'gemma 3 12b on h100, 8K ctx, util .95, vllm 0.19';
export const REFUSED = 'qwen3 8b on 4090 util .85';

export async function open(page: Page, hash = ''): Promise<void> {
  await page.goto(`./${hash}`);
  await page.waitForSelector('h1');
}

/** As if a service had said in the page's head what it may be asked for. */
export async function served(page: Page, abilities: string): Promise<void> {
  await page.addInitScript((content) => {
    document.addEventListener('readystatechange', () => {
      if (document.querySelector('meta[name=service]')) return;
      document.head.append(Object.assign(document.createElement('meta'), { name: 'service', content }));
    });
  }, abilities);
}

export async function say(page: Page, words: string): Promise<void> {
  await page.getByLabel('Describe a set-up').fill(words);
}

export async function planned(page: Page, words: string): Promise<void> {
  await open(page);
  await say(page, words);
  await expect(page.locator('.said')).toBeVisible();
}

/** Nothing of the deferred part is outstanding. */
export async function settled(page: Page): Promise<void> {
  await expect(page.locator('.inv output', { hasText: '…' })).toHaveCount(0, { timeout: 20_000 });
  await expect(page.getByText('Planning alternatives.')).toHaveCount(0, { timeout: 20_000 });
}
