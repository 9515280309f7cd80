// What the tests do with the page.
import { expect, type Page } from '@playwright/test';

export const FITS = 'gemma 3 12b on h100, 8K ctx, util .95, vllm 0.19';
export const REFUSED = 'qwen3 8b on 4090 util .85';

export async function open(page: Page, hash = ''): Promise<void> {
  await page.goto(`./${hash}`);
  await page.waitForSelector('h1');
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

/** A registry as ImageWorks has it, with one entry of each kind. */
export const REGISTRY = JSON.stringify(
  [
    {
      name: 'qwen3-8b', display_name: 'Qwen3 8B', backend: 'vllm',
      backend_config: { port: 8000, model_path: '/models/Qwen/Qwen3-8B', extra_args: ['--max-model-len', '4096', '--gpu-memory-utilization', '0.85'] },
      quantization: 'bf16', generation_defaults: { context_window: 4096 },
      metadata: { architecture: { num_layers: 36, num_kv_heads: 8, head_dim: 128, context_length: 40960 } },
    },
    {
      name: 'house-vlm', display_name: 'House VLM', backend: 'vllm', backend_config: { port: 8001, model_path: '/models/house-vlm', extra_args: [] }, quantization: 'q4',
      metadata: { architecture: { params_billion: 12.2, num_layers: 48, num_kv_heads: 8, head_dim: 256, vision: { num_layers: 27, hidden_size: 1152, image_size: 896, patch_size: 14 } } },
    },
  ],
  null,
  2,
);
