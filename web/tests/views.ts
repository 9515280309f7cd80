// Each view of the page, and how it is come by.
import type { Page } from '@playwright/test';
import { gguf } from './gguf.mjs';
import { FITS, LOG, open, planned, REFUSED, REGISTRY, settled } from './page';

export const VIEWS: Record<string, (page: Page) => Promise<void>> = {
  first: (page) => open(page),
  fits: (page) => planned(page, FITS),
  refused: (page) => planned(page, REFUSED),
  'two ranks': (page) => planned(page, 'llama 3.3 70b fp8 on 4 h100, 64 requests of 8K'),
  numbers: async (page) => {
    await open(page);
    await page.getByRole('button', { name: 'Numbers by hand' }).click();
    await page.getByText('By formula').waitFor();
  },
  gguf: async (page) => {
    await open(page);
    await page.locator('.doors input[type=file]').setInputFiles({ name: 'small.gguf', mimeType: '', buffer: gguf() });
    await page.waitForSelector('.cmd');
  },
  share: async (page) => {
    await planned(page, FITS);
    await page.keyboard.press('Control+k');
    await page.waitForSelector('#palette-text');
    await page.keyboard.type('share');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#share');
  },
  compare: async (page) => {
    await planned(page, FITS);
    await settled(page);
    await page.getByRole('button', { name: 'Compare with…' }).click();
    await page.getByText('Another set-up').waitFor();
  },
  diagnose: async (page) => {
    await open(page, '#d');
    await page.locator('.paste').fill(LOG);
    await page.waitForSelector('.log');
    await page.getByLabel('GPU, where the log does not say').fill('H100');
    await page.getByRole('button', { name: 'Learn this machine’s constants' }).click();
    await page.waitForSelector('#learn ~ pre');
  },
  apply: async (page) => {
    await open(page);
    await page.locator('.doors input[type=file]').setInputFiles({ name: 'model_registry.json', mimeType: 'application/json', buffer: Buffer.from(REGISTRY) });
    await page.getByLabel('Describe a set-up').fill('qwen3 8b on 4090, 8K ctx');
    await page.getByRole('button', { name: 'Apply to registry…' }).click();
    await page.waitForSelector('.diff');
  },
  palette: async (page) => {
    await planned(page, FITS);
    await page.keyboard.press('Control+k');
    await page.waitForSelector('#palette-text');
    await page.keyboard.type('qwen3 8b on 4090');
  },
  json: async (page) => {
    await planned(page, FITS);
    await settled(page);
    await page.getByRole('button', { name: 'JSON' }).click();
    await page.waitForSelector('dialog[open]');
  },
  keys: async (page) => {
    await open(page);
    await page.getByRole('button', { name: 'Keyboard' }).click();
    await page.waitForSelector('dialog[open]');
  },
};
