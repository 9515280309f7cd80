// The earlier page's uses, and what only a service can do, against the program itself with the page in it.
import { expect, test } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { LOG, open, say, settled } from './page';

const withGpus = (project: string) => project === 'service';

test('GPU overview: present, and what is free of each; or the sentence that none was found', async ({ page }, { project }) => {
  await open(page);
  if (withGpus(project.name)) {
    const table = page.getByRole('table', { name: 'GPUs in this machine' });
    await expect(table.getByRole('row', { name: 'NVIDIA H100 80GB HBM3' })).toContainText('78.12');
    await expect(page.getByText('0.9 × GPU 0’s total')).toBeVisible();
    await page.getByRole('button', { name: 'Use GPU 1' }).click();
    await expect(page.getByText('0.9 × GPU 1’s total')).toBeVisible();
    await expect(page.getByText('Other processes hold 4.46 GiB of it.')).toBeVisible();
    await page.getByRole('button', { name: 'Look again' }).click();
    await expect(table).toBeVisible();
  } else {
    await expect(page.getByText('No NVIDIA GPU was found here.')).toBeVisible();
    await page.getByLabel('Budget in GiB').fill('24');
    await page.getByLabel('Budget in GiB').press('Tab');
    await say(page, 'qwen3 8b');
    await expect(page.locator('#read')).toContainText('24.00 GiB');
  }
});

test('auto-detect picks the card, and says what other processes hold of it', async ({ page }, { project }) => {
  test.skip(!withGpus(project.name), 'needs GPUs');
  await open(page);
  await expect(page.getByRole('table', { name: 'GPUs in this machine' })).toBeVisible();
  await say(page, 'qwen3 8b 8K ctx');
  await expect(page.locator('#read')).toContainText('H100');
  await page.getByLabel('Card', { exact: true }).selectOption({ label: 'RTX 4090 24 GB, in this machine' });
  await expect(page.getByRole('button', { name: 'Other processes' })).toBeVisible();
  await page.getByRole('button', { name: 'Other processes' }).click();
  await expect(page.locator('#why-others')).toContainText('The driver reports');
  await page.locator('.rail').getByRole('button', { name: 'Detect' }).click();
  await expect(page.getByText('because GPU 1 is NVIDIA GeForce RTX 4090')).toBeVisible();
  await page.getByRole('button', { name: 'Numbers', exact: true }).click();
  await page.getByRole('button', { name: 'Detect' }).click();
  await expect(page.getByText('picked because GPU 1 is NVIDIA GeForce RTX 4090').first()).toBeVisible();
});

test('forward and inverse, JSON copied and downloaded', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page);
  await say(page, 'gemma 3 12b on h100, 8K ctx, util .95, vllm 0.19');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Starts');
  await settled(page);
  await expect(page.locator('.inv output').nth(2)).toHaveText(/^[\d,]+$/);
  await page.getByRole('button', { name: 'JSON' }).click();
  await page.getByRole('button', { name: 'Copy JSON' }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
  expect(readFileSync(await file.path(), 'utf8').trim()).toBe(copied);
  // The service answers the same question with the same report.
  const request = { model: { source: 'google/gemma-3-12b-it' }, gpu: { name: 'H100-SXM-80GB', count: 1 }, engine: { version: '0.19.0' }, args: { max_model_len: 8192, gpu_memory_utilization: 0.95 } };
  const answer = await page.request.post('v1/estimate', { data: request });
  const { log: _, ...told } = await answer.json();
  const { log: __, ...shown } = JSON.parse(copied);
  expect(shown.ranks).toEqual(told.ranks);
  expect(shown.kv_cache).toEqual(told.kv_cache);
});

test('manual numbers, forward and inverse', async ({ page }) => {
  await open(page);
  await page.getByRole('button', { name: 'Numbers by hand' }).click();
  await page.getByLabel('Profile', { exact: true }).selectOption('ada_16gb');
  await page.getByLabel('Budget, GiB').fill('16');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Takes 11.33 GiB of the 16.00 GiB budget.');
  await expect(page.locator('.said')).toContainText('Context (k tokens)');
});

test('an entry of the registry is planned, changed and written back; the file is what the diff said', async ({ page }) => {
  await open(page);
  await expect(page.getByText(/2 entries in/)).toBeVisible();
  await page.getByRole('button', { name: 'From the registry' }).click();
  await page.getByRole('button', { name: 'Registry', exact: true }).click();
  await page.getByLabel('Entry').selectOption('qwen3-8b');
  await expect(page.locator('#read')).toContainText('Qwen/Qwen3-8B');
  const before = (await (await page.request.get('v1/registry/file')).json()).text;
  const length = before.includes('"6144"') ? '7168' : '6144';
  await page.locator('#arg-max-model-len').fill(length);
  await page.getByRole('button', { name: 'Apply to registry…' }).click();
  await expect(page.getByRole('dialog').locator('.diff')).toContainText(`+      "${length}"`);
  await page.getByRole('button', { name: /^Write/ }).click();
  await expect(page.getByText('Written.')).toBeVisible();
  const after = JSON.parse((await (await page.request.get('v1/registry/file')).json()).text);
  expect(after[0].backend_config.extra_args).toContain(length);
  expect(after[1]).toEqual(JSON.parse(before)[1]);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Undone: the file is as it was.')).toBeVisible();
  expect((await (await page.request.get('v1/registry/file')).json()).text).toBe(before);
});

test('a log teaches a profile, which later set-ups take', async ({ page }) => {
  await open(page, '#d');
  await page.locator('.paste').fill(LOG);
  await page.getByLabel('GPU, where the log does not say').fill('H100');
  await page.getByRole('button', { name: 'Learn this machine’s constants' }).click();
  await page.getByRole('button', { name: /^Write profile/ }).click();
  await expect(page.getByText('Written.')).toBeVisible();
  const names: string[] = await (await page.request.get('v1/calibrations')).json();
  expect(names.length).toBe(1);
  await page.getByRole('link', { name: 'Estimate' }).click();
  await say(page, 'gpt-oss-20b on h100 8K ctx util .95 vllm 0.19');
  await expect.poll(() => page.url()).toContain('#e/1/');
  const before = page.url();
  await page.getByLabel('Profile', { exact: true }).selectOption(names[0] ?? '');
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/Starts|Unsure|Runs/);
  await expect.poll(() => page.url()).not.toBe(before);
  await page.reload();
  await expect(page.getByLabel('Profile', { exact: true })).toHaveValue(names[0] ?? '');
});

test('a log and a model on the service’s disk are opened by their paths', async ({ page }) => {
  await open(page, '#d');
  const place: string = (await (await page.request.get('v1/registry/file')).json()).place;
  const disk = place.replace(/[^/]*$/, 'disk');
  await page.getByLabel('Or its path on the server').fill(`${disk}/nothing.log`);
  await page.getByLabel('Or its path on the server').press('Enter');
  await expect(page.locator('#log-path-told')).toContainText('--allow-path FOLDER');
  await page.getByLabel('Or its path on the server').fill(`${disk}/vllm.log`);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Out of GPU memory in graph capture');
  await page.getByRole('link', { name: 'Estimate' }).click();
  await say(page, 'qwen3 8b on h100 8K ctx');
  await page.getByLabel('Model', { exact: true }).fill(`${disk}/tiny`);
  await expect(page.locator('.cmd pre')).toContainText('tiny');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Starts');
});

test('a name that no hub knows says so, and the last reading stays', async ({ page }) => {
  await open(page);
  await say(page, 'qwen3 8b on h100 8K ctx');
  await expect(page.locator('.said')).toBeVisible();
  await say(page, 'someone/nothing on h100 8K ctx');
  await expect(page.getByText('Not updated.')).toBeVisible();
  await expect(page.locator('.verdict')).toContainText('someone/nothing');
  await expect(page.locator('.said')).toBeVisible();
});
