// Each use of the earlier tool's page, and the new ones, on the static files alone.
import { expect, test } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { FITS, LOG, open, planned, REFUSED, REGISTRY, say, served, settled, TINY } from './page';
import { gguf } from './gguf.mjs';

test('without a service there is no GPU overview, and the budget says why it is 16 GiB', async ({ page }) => {
  await open(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Will it start, and what will fit?');
  await expect(page.getByText('GPUs in this machine')).toHaveCount(0);
  await say(page, 'qwen3 8b 8K ctx');
  await expect(page.locator('#read')).toContainText('16.00 GiB, because no card is known');
});

test('GPUs that a service finds come first', async ({ page }) => {
  const gpu = { index: 0, id: 'RTX-4090', name: 'RTX 4090 24 GB', driver_name: 'NVIDIA GeForce RTX 4090', vendor: 'nvidia', total_bytes: 25_250_627_584, driver_total_bytes: 25_757_220_864, free_bytes: 25_000_000_000, compute_capability: '8.9', profile: 'ada_16gb' };
  await served(page, 'detect');
  await page.route('**/v1/detect', (route) => route.fulfill({ json: { gpus: [gpu], warnings: [] } }));
  await open(page);
  await expect(page.getByRole('table', { name: 'GPUs in this machine' })).toContainText('NVIDIA GeForce RTX 4090');
  await expect(page.getByText('0.9 × GPU 0’s total')).toBeVisible();
  await page.getByRole('button', { name: 'Numbers by hand' }).click();
  await page.getByRole('button', { name: 'Detect' }).click();
  await expect(page.getByText('picked because GPU 0 is NVIDIA GeForce RTX 4090').first()).toBeVisible();
  await expect(page.getByLabel('Profile', { exact: true })).toHaveValue('ada_16gb');
  await page.unroute('**/v1/detect');
  await page.route('**/v1/detect', (route) => route.fulfill({ json: { gpus: [], warnings: [] } }));
  await open(page);
  await page.reload();
  await expect(page.getByText('No NVIDIA GPU was found here.')).toBeVisible();
});

test('numbers by hand, forward and inverse, are the earlier tool’s', async ({ page }) => {
  await open(page);
  await page.getByRole('button', { name: 'Numbers by hand' }).click();
  await page.getByLabel('Profile', { exact: true }).selectOption('ada_16gb');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Takes 11.33 GiB of the 16.00 GiB budget.');
  const ledger = page.getByRole('table', { name: 'VRAM Estimate by part' });
  for (const [part, size] of [['Weights', '7.45'], ['KV Cache', '0.56'], ['Overhead', '1.60'], ['Vision Tower', '0.50'], ['Total', '11.33']]) await expect(ledger.getByRole('row', { name: part })).toContainText(size ?? '');
  await expect(page.locator('.said')).toContainText('Context (k tokens)');
  await page.getByLabel('Overhead, GiB').fill('3');
  await expect(ledger.getByRole('row', { name: 'Overhead' })).toContainText('3.00');
  await expect(page.getByText('The profile is changed.')).toBeVisible();
  await page.getByLabel('Budget, GiB').fill('8');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Does not fit');
  await page.getByLabel('Bytes per parameter').fill('0.5');
  await expect(ledger.getByRole('row', { name: 'Weights' })).toContainText('3.73');
});

test('a registry entry fills the form, and applying shows the diff before anything is written', async ({ page }) => {
  await open(page);
  await page.locator('.doors input[type=file]').setInputFiles({ name: 'model_registry.json', mimeType: 'application/json', buffer: Buffer.from(REGISTRY) });
  await page.getByRole('button', { name: 'From the registry' }).click();
  await page.getByLabel('Entry').selectOption('house-vlm');
  await expect(page.getByText('from architecture.num_layers')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('GiB');
  await page.getByRole('button', { name: 'Registry', exact: true }).click();
  await page.getByLabel('Entry').selectOption('qwen3-8b');
  await expect(page.locator('#read')).toContainText('Qwen/Qwen3-8B');
  await expect(page.locator('#read')).toContainText('--max-model-len 4096');
  await page.locator('#arg-max-model-len').fill('8192');
  await page.getByRole('button', { name: 'Apply to registry…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.locator('.diff')).toContainText('-      "4096"');
  await expect(dialog.locator('.diff')).toContainText('+      "8192"');
  const [file] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: /Download with/ }).click()]);
  const written = JSON.parse(readFileSync(await file.path(), 'utf8'));
  expect(written[0].generation_defaults.context_window).toBe(8192);
  expect(written[1]).toEqual(JSON.parse(REGISTRY)[1]);
  const [former] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'Undo' }).click()]);
  expect(readFileSync(await former.path(), 'utf8')).toBe(REGISTRY);
  await expect(dialog.locator('.diff')).toContainText('+      "8192"');
});

test('a service writes what was applied', async ({ page }) => {
  await served(page, 'detect registry');
  await page.route('**/v1/detect', (route) => route.fulfill({ json: { gpus: [] } }));
  await page.route('**/v1/session', (route) => route.fulfill({ json: { write_token: 'secret' } }));
  await page.route('**/v1/registry/file', (route) => route.fulfill({ json: { place: 'model_registry.json', text: REGISTRY } }));
  let told: unknown;
  await page.route('**/v1/registry/apply', (route) => {
    told = { body: route.request().postDataJSON(), token: route.request().headers()['x-write-token'] };
    return route.fulfill({ json: { diff: '', backup: 'before.json', fingerprint: 'f' } });
  });
  let restored: unknown;
  await page.route('**/v1/registry/restore', (route) => {
    restored = route.request().postDataJSON();
    return route.fulfill({ json: { diff: '', backup: '', fingerprint: '', written: true } });
  });
  await open(page);
  await expect(page.getByText('2 entries in model_registry.json')).toBeVisible();
  await say(page, 'qwen3 8b on 4090 8K ctx');
  await page.getByRole('button', { name: 'Apply to registry…' }).click();
  await page.getByRole('button', { name: /^Write/ }).click();
  await expect(page.getByText('Written.')).toBeVisible();
  expect(told).toMatchObject({ body: { name: 'qwen3-8b', settings: { context: 8192 } }, token: 'secret' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Undone: the file is as it was.')).toBeVisible();
  expect(restored).toEqual({ backup: 'before.json', fingerprint: 'f' });
});

test('JSON is copied and downloaded as the engine wrote it', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await planned(page, FITS);
  await page.getByRole('button', { name: 'JSON' }).click();
  await page.getByRole('button', { name: 'Copy JSON' }).click();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  expect(copied.schema).toBe('vram-estimator/report/1');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
  expect(file.suggestedFilename()).toBe('gemma-3-12b-it.report.json');
  expect(JSON.parse(readFileSync(await file.path(), 'utf8'))).toEqual(copied);
});

test('a sentence is read and answered as vLLM would', async ({ page }) => {
  await planned(page, FITS);
  await expect(page.locator('#read')).toContainText('google/gemma-3-12b-it');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Starts, with room for');
  await expect(page.locator('.said')).toContainText('Maximum concurrency for 8,192 tokens per request');
  await say(page, `${FITS} frobnicate`);
  await expect(page.locator('#read')).toContainText('not understood: frobnicate');
});

test('a refusal is vLLM’s own, and one press on a suggestion makes it start; Back undoes', async ({ page }) => {
  await planned(page, REFUSED);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Refused:');
  await expect(page.locator('.said.refusal')).toContainText('estimated maximum model length is');
  await settled(page);
  await page.locator('.quick button').first().click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/Starts|Unsure/);
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Refused:');
});

test('the rail and the field are one request', async ({ page }) => {
  await planned(page, FITS);
  await page.locator('#arg-tensor-parallel-size').fill('2');
  await expect(page.locator('#read')).toContainText('--tensor-parallel-size 2');
  await expect(page.locator('.ranks').first()).toContainText('ranks 0 and 1, alike').catch(() => expect(page.locator('#memory')).toContainText('ranks 0 and 1, alike'));
  await page.locator('#arg-tensor-parallel-size').fill('3');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Not a valid command');
  await page.locator('#arg-tensor-parallel-size').fill('');
  await page.getByLabel('vLLM', { exact: true }).selectOption('0.33.0');
  await expect(page.locator('#read')).toContainText('0.33.0');
  await page.getByLabel('Card', { exact: true }).selectOption('L40S');
  await expect(page.locator('#read')).toContainText('L40S');
  await page.getByRole('button', { name: /All \d+ arguments/ }).click();
  await page.locator('#filter').fill('enforce');
  await page.locator('#arg-enforce-eager').selectOption('true');
  await expect(page.locator('.cmd pre')).toContainText('--enforce-eager');
});

test('an argument that makes no sense keeps the last reading and says so at its control', async ({ page }) => {
  await planned(page, FITS);
  await settled(page);
  const before = await page.locator('.said').textContent();
  await page.locator('#arg-max-num-seqs').fill('many');
  await expect(page.locator('#arg-max-num-seqs-wrong')).toContainText('--max-num-seqs: expected a whole number');
  await expect(page.getByText('Not updated.')).toBeVisible();
  await expect(page.locator('.said')).toHaveText(before ?? '');
});

test('a config.json is opened in the page', async ({ page }) => {
  await planned(page, FITS);
  await page.getByRole('button', { name: 'File', exact: true }).click();
  await page.locator('.rail input[type=file]').setInputFiles({ name: 'tiny.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(TINY)) });
  await expect(page.locator('#read')).toContainText('tiny');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Starts');
  await page.locator('.rail input[type=file]').setInputFiles({ name: 'broken.json', mimeType: 'application/json', buffer: Buffer.from('{') });
  await expect(page.getByText('broken.json: not JSON')).toBeVisible();
});

test('a link restores everything', async ({ page, context }) => {
  await planned(page, `${FITS} max-num-seqs 64`);
  await settled(page);
  await expect.poll(() => page.url()).toContain('#e/1/');
  const told = await page.locator('.said').textContent();
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.locator('.said')).toContainText('GPU KV cache size');
  expect((await other.locator('.said').textContent())?.slice(0, 40)).toBe(told?.slice(0, 40));
  await expect(other.locator('#read')).toContainText('--max-num-seqs 64');
  await other.goto('./#e/1/%%%');
  await other.reload();
  await expect(other.getByText('The link cannot be read')).toBeVisible();
});

test('inverses answer, and the curve has a table', async ({ page }) => {
  await planned(page, FITS);
  await settled(page);
  await page.getByLabel('Requests at once').fill('64');
  await settled(page);
  const tokens = page.locator('.inv li').nth(1).locator('output');
  await expect(tokens).toHaveText(/^[\d,]+$/);
  await page.getByLabel('GiB a card').fill('40');
  await settled(page);
  await expect(page.locator('.inv li').nth(4).locator('output')).toHaveText(/^\d+$|none/);
  await page.getByRole('button', { name: 'Show as a table' }).click();
  await expect(page.getByRole('table', { name: 'Requests at once by tokens in each' }).getByRole('row')).not.toHaveCount(0);
});

test('set-ups are compared on one scale, swapped and shared', async ({ page }) => {
  await planned(page, FITS);
  await page.getByRole('button', { name: 'Compare with…' }).click();
  await page.getByLabel('Another set-up').fill('gemma 3 12b on 2x h100 8K ctx util .95 vllm 0.19');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('button', { name: 'Remove B' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Both start. B serves');
  await expect(page.getByRole('table', { name: 'The set-ups beside each other' })).toContainText('--tensor-parallel-size');
  await expect.poll(() => page.url()).toContain('~');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Both start. B serves');
  await page.getByRole('button', { name: 'Swap A and B' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Both start. A serves');
});

test('a log is explained in the page, and stays there', async ({ page }) => {
  await open(page, '#d');
  await page.locator('.paste').fill(LOG);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/memory/i);
  await expect(page.locator('.log .fatal')).toContainText('Tried to allocate');
  expect(page.url()).not.toContain('786');
});

test('nothing is asked of another host, and no script is evaluated', async ({ page }) => {
  const asked: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await planned(page, FITS);
  await settled(page);
  expect(asked.filter((url) => !url.startsWith('http://127.0.0.1:') && !url.startsWith('data:') && !url.startsWith('blob:'))).toEqual([]);
  expect(complaints.filter((text) => !text.includes('404'))).toEqual([]);
});

test('a launch is written in every shape by the engine', async ({ page }) => {
  await planned(page, FITS);
  const text = page.locator('.cmd pre');
  await expect(text).toContainText('vllm serve google/gemma-3-12b-it');
  for (const [shape, words] of [['docker run', 'docker run'], ['Compose', 'services:'], ['Kubernetes', 'kind: Deployment'], ['Ray Serve', 'ray.serve.llm:build_openai_app'], ['--config', 'max-model-len: 8192']] as const) {
    await page.getByRole('button', { name: shape, exact: true }).click();
    await expect(text).toContainText(words);
  }
  await page.locator('#arg-tensor-parallel-size').fill('2');
  await expect(text).toContainText('tensor-parallel-size: 2');
});

test('a log teaches a profile, which is kept in the browser and downloaded', async ({ page }) => {
  await open(page, '#d');
  await page.locator('.paste').fill(LOG);
  await page.getByLabel('GPU, where the log does not say').fill('H100');
  await page.getByRole('button', { name: 'Learn this machine’s constants' }).click();
  await expect(page.getByRole('region', { name: 'Profile' })).toContainText('"start_ups"');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download profile' }).click()]);
  const name = file.suggestedFilename().replace('.calibration.json', '');
  await page.getByRole('button', { name: `Use as profile ${name}` }).click();
  await expect(page.getByText('Kept in this browser.')).toBeVisible();
  await open(page);
  await page.reload();
  await say(page, FITS);
  const before = await page.locator('.said').textContent();
  await page.getByLabel('Profile', { exact: true }).selectOption(name);
  await expect(page.locator('.said')).not.toHaveText(before ?? '');
  await page.locator('.rail').getByRole('button', { name: 'Detect' }).click();
  await expect(page.getByText(/, picked because the card is H100/)).toBeVisible();
});

test('the card at the moment of failure, with what was asked for drawn past its end', async ({ page }) => {
  await open(page, '#d');
  await page.locator('.paste').fill(LOG);
  const table = page.getByRole('table', { name: 'The card when it failed, as the log states it' });
  for (const [part, size] of [['Weights', '13.64'], ['KV cache', '58.47'], ['All else that was held', '6.54'], ['Free', '0.54'], ['Card total', '79.19']]) await expect(table.getByRole('row', { name: part })).toContainText(size ?? '');
  await expect(page.getByText('0.77 asked')).toBeVisible();
});

test('what makes a failed start work is one press from being applied', async ({ page }) => {
  await open(page, '#d');
  await page.locator('.paste').fill(LOG);
  await page.getByLabel('GPU, where the log does not say').fill('H100');
  const fix = page.locator('.fixes button', { hasText: 'Try' }).first();
  await fix.click();
  await expect(page.locator('#read')).toContainText('openai/gpt-oss-20b');
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/Starts|Unsure/);
});

test('a link that is pasted into the field restores; arguments that nobody knows are left out and told', async ({ page }) => {
  await planned(page, FITS);
  await expect.poll(() => page.url()).toContain('#e/1/');
  const link = page.url();
  await open(page);
  await page.reload();
  await page.getByLabel('Describe a set-up').fill(link);
  await expect(page.locator('#read')).toContainText('google/gemma-3-12b-it');
  const packed = await page.evaluate(async () => {
    const text = JSON.stringify({ model: { source: 'Qwen/Qwen3-8B' }, gpu: { name: 'L40S' }, args: { max_model_len: 4096, from_the_future: 1 }, another: true });
    const bytes = new Uint8Array(await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'))).arrayBuffer());
    return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  });
  await page.goto(`./#e/1/${packed}`);
  await page.reload();
  await expect(page.getByText('2 arguments were left out: another, from_the_future.')).toBeVisible();
  await expect(page.locator('#read')).toContainText('--max-model-len 4096');
});

test('an argument that changes no byte is marked', async ({ page }) => {
  await planned(page, `${FITS} --seed 7`);
  await settled(page);
  await expect(page.locator('.arg', { has: page.locator('#arg-seed') })).toContainText('no effect on memory');
  await expect(page.locator('.arg', { has: page.locator('#arg-max-model-len') })).not.toContainText('no effect');
});

test('print: one set-up, every Why as text, no controls', async ({ page }) => {
  await planned(page, FITS);
  await settled(page);
  await page.emulateMedia({ media: 'print' });
  for (const part of ['weights', 'activation', 'nontorch', 'kv', 'graphs', 'context', 'free']) await expect(page.locator(`#why-${part}`)).toBeVisible();
  for (const hidden of ['.rail', '.ask', '.tabs', '.acts', '.quick']) await expect(page.locator(hidden).first()).toBeHidden();
  await expect(page.locator('.points')).toBeVisible();
  await expect(page.getByText(/^Printed \d{4}-\d\d-\d\d$/)).toBeVisible();
  const pdf = (await page.pdf({ format: 'A4', printBackground: true })).toString('latin1');
  expect(pdf.length).toBeGreaterThan(10_000);
  expect(pdf.match(/\/Type \/Page\b/g)).toHaveLength(1);
});

test('with reduced motion nothing moves by itself', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await planned(page, FITS);
  const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((each) => getComputedStyle(each).transitionDuration.split(', ').some((time) => parseFloat(time) > 0.001)).map((each) => each.className));
  expect(moving).toEqual([]);
});

test('undo is offered for ten seconds', async ({ page }) => {
  await page.clock.install();
  await open(page);
  await page.locator('.doors input[type=file]').setInputFiles({ name: 'model_registry.json', mimeType: 'application/json', buffer: Buffer.from(REGISTRY) });
  await say(page, 'qwen3 8b on 4090 8K ctx');
  await page.getByRole('button', { name: 'Apply to registry…' }).click();
  await page.getByRole('button', { name: /Download with/ }).click();
  await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible();
  await page.clock.fastForward(9_000);
  await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible();
  await page.clock.fastForward(2_000);
  await expect(page.getByRole('button', { name: 'Undo' })).toHaveCount(0);
});

test('a name that the page does not know is asked of the service; meanwhile the last reading stays', async ({ page }) => {
  await served(page, 'detect hub');
  await page.route('**/v1/detect', (route) => route.fulfill({ json: { gpus: [] } }));
  let answer = () => {};
  await page.route('**/v1/model?*', async (route) => {
    expect(new URL(route.request().url()).searchParams.get('name')).toBe('someone/tiny');
    await new Promise<void>((resolve) => (answer = resolve));
    await route.fulfill({ json: { name: 'someone/tiny', source: 'hub', model: { config: TINY, name: 'someone/tiny' } } });
  });
  await planned(page, FITS);
  const before = await page.locator('.big').first().textContent();
  await say(page, 'someone/tiny on h100 8K ctx');
  await expect(page.getByText('reading someone/tiny, its config and headers')).toBeVisible();
  await expect(page.locator('.big').first()).toHaveText(before ?? '');
  await page.keyboard.press('Escape');
  await expect(page.getByText('reading someone/tiny')).toHaveCount(0);
  await say(page, 'someone/tiny on h100 4K ctx');
  await expect(page.getByText('reading someone/tiny')).toBeVisible();
  answer();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Starts');
  await expect(page.locator('.cmd pre')).toContainText('vllm serve someone/tiny');
  await settled(page);
  await expect(page.locator('.said')).not.toHaveText(before ?? '');
});

test('without a service a name beyond the catalogue says the way out', async ({ page }) => {
  await open(page);
  await say(page, 'someone/tiny on h100');
  await expect(page.locator('.verdict')).toContainText('This page cannot reach the hub. Open the config.json instead.');
});

test('what the budget keeps for graphs stands left of its mark', async ({ page }) => {
  await planned(page, 'gemma 3 12b on h100, 8K ctx');
  const [reserved, budget] = [page.locator('.seg.graphs').first(), page.locator('.budget')];
  const right = (await reserved.boundingBox().then((box) => box && box.x + box.width)) ?? 0;
  expect(Math.abs(right - ((await budget.boundingBox())?.x ?? 0))).toBeLessThan(3);
  await expect(page.getByRole('img', { name: /of the budget is reserved for CUDA graphs/ })).toBeVisible();
});

test('what is missing is a dashed outline that begins at the budget', async ({ page }) => {
  await planned(page, REFUSED);
  const [need, budget] = [await page.locator('.need').boundingBox(), await page.locator('.budget').boundingBox()];
  expect(Math.abs((need?.x ?? 0) - (budget?.x ?? 0))).toBeLessThan(2);
  expect(need?.width).toBeGreaterThan(10);
  await expect(page.getByText(/^[\d.]+ short$/)).toBeVisible();
});

test('an answer of the inverses is used only when it is pressed', async ({ page }) => {
  await planned(page, REFUSED);
  await settled(page);
  await page.getByRole('button', { name: 'Use the longest length' }).click();
  await expect(page.locator('#read')).toContainText('--max-model-len');
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/Starts|Unsure/);
});

test('a suggestion is undone by Ctrl Z', async ({ page }) => {
  await planned(page, REFUSED);
  await settled(page);
  await page.locator('.quick button').first().click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/Starts|Unsure/);
  await page.getByRole('button', { name: 'Weights', exact: true }).focus();
  await page.keyboard.press('Control+z');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Refused:');
});

test('a small k offers the other reading', async ({ page }) => {
  await planned(page, 'qwen3 8b on h100 32k ctx');
  await page.getByRole('button', { name: '32K?' }).click();
  await expect(page.getByLabel('Describe a set-up')).toHaveValue('qwen3 8b on h100 32K ctx');
  await expect(page.locator('#read')).toContainText('--max-model-len 32768');
});

test('the palette on a phone is a sheet from the field; its arguments have their defaults; Ctrl Enter makes B', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 780 });
  await planned(page, FITS);
  await page.getByRole('button', { name: 'List of set-ups and commands' }).click();
  const sheet = await page.locator('#palette').boundingBox();
  expect([sheet?.x, sheet?.width, (sheet?.y ?? 0) + (sheet?.height ?? 0)]).toEqual([0, 360, 780]);
  await page.keyboard.type('qwen3 32b fp8 on 2x4090 32K ctx');
  await expect(page.getByRole('option', { name: '--max-model-len 32768 default 40960' })).toBeVisible();
  await expect(page.locator('#choice-0')).toContainText(/starts|refused/);
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/start/);
  await expect(page.locator('.ab .b')).toContainText('Qwen3-32B');
});

test('a link can be looked at before it is shared', async ({ page }) => {
  await planned(page, FITS);
  await page.getByRole('button', { name: 'Link', exact: true }).click();
  await expect(page.getByRole('dialog').getByRole('region', { name: 'Link' })).toContainText('#e/1/');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Link', exact: true })).toBeFocused();
});

test('a GGUF file is planned by llama.cpp’s rules, of its front alone', async ({ page }) => {
  await open(page);
  const names = Array.from({ length: 320 }, (_, i) => `t${i}`.repeat(2000));
  await page.locator('.doors input[type=file]').setInputFiles({ name: 'small.gguf', mimeType: '', buffer: gguf({ tokens: names }) });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Starts, with all 5 layers on the GPU.');
  await expect(page.locator('#read')).toContainText('llama.cpp');
  await expect(page.getByRole('table', { name: 'Memory of GPU 0 by part' }).getByRole('row', { name: 'KV cache' })).toContainText('0.02');
  await page.locator('#gguf-ctx_size').fill('1000000');
  await expect(page.locator('.cmd pre')).toHaveText('llama-server -m small.gguf --ctx-size 1000000');
  await expect(page.getByRole('table', { name: 'Memory of GPU 0 by part' }).getByRole('row', { name: 'KV cache' })).toContainText('1.91');
  await page.locator('#gguf-cache_type_k').selectOption('q8_0');
  await expect(page.locator('.json')).toContainText('K (q8_0)');
  await page.locator('#gguf-parallel').fill('none');
  await expect(page.locator('#gguf-parallel-wrong')).toContainText('parallel: expected a whole number');
  await expect(page.locator('.verdict')).toContainText('Not updated.');
  await page.reload();
  await expect(page.getByText('small.gguf: open the file in this page.')).toBeVisible();
  await page.locator('.rail input[type=file]').setInputFiles({ name: 'broken.gguf', mimeType: '', buffer: Buffer.from('GGUF') });
  await expect(page.getByText('broken.gguf: the file ends inside its header')).toBeVisible();
});

test('headers of safetensors count for a config.json', async ({ page }) => {
  const header = Buffer.from(JSON.stringify({ 'model.embed_tokens.weight': { dtype: 'BF16', shape: [151936, 1024], data_offsets: [0, 311164928] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  await open(page);
  await page.locator('.doors input[type=file]').setInputFiles([
    { name: 'model.safetensors', mimeType: '', buffer: Buffer.concat([length, header]) },
    { name: 'config.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(TINY)) },
  ]);
  await expect(page.getByText('Read: config with 1 header of its weights.')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Starts');
  await page.locator('.rail input[type=file]').setInputFiles({ name: 'broken.safetensors', mimeType: '', buffer: Buffer.from('{') });
  await expect(page.getByText('broken.safetensors: its header cannot be read.')).toBeVisible();
});

test('a registry that changed since it was read is shown again before anything is written', async ({ page }) => {
  await served(page, 'detect registry');
  await page.route('**/v1/detect', (route) => route.fulfill({ json: { gpus: [] } }));
  await page.route('**/v1/session', (route) => route.fulfill({ json: { write_token: 'secret' } }));
  let text = REGISTRY;
  await page.route('**/v1/registry/file', (route) => route.fulfill({ json: { place: 'model_registry.json', text } }));
  await page.route('**/v1/registry/apply', (route) => route.fulfill({ json: { diff: '', backup: 'before.json', fingerprint: 'f' } }));
  await page.route('**/v1/registry/restore', (route) => route.fulfill({ status: 409, json: { error: { code: 'conflict', message: 'the registry has changed since' } } }));
  await open(page);
  await expect(page.getByText('2 entries in model_registry.json')).toBeVisible();
  await say(page, 'qwen3 8b on 4090 8K ctx');
  await page.getByRole('button', { name: 'Apply to registry…' }).click();
  await expect(page.getByRole('dialog').locator('.diff')).toContainText('-      "4096"');
  text = REGISTRY.replace('"4096"', '"2048"');
  await page.getByRole('button', { name: /^Write/ }).click();
  await expect(page.getByText('The file changed since it was read')).toBeVisible();
  await expect(page.getByRole('dialog').locator('.diff')).toContainText('-      "2048"');
  await page.getByRole('button', { name: /^Write/ }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('the registry has changed since')).toBeVisible();
});
