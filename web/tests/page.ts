// What the tests do with the page.
import { expect, type Page } from '@playwright/test';

export { REGISTRY } from './registry.mjs';

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

/** A start that runs out of memory while its graphs are captured. */
export const LOG = `(APIServer pid=1) INFO 06-01 10:00:00 [api_server.py:1000] vLLM API server version 0.19.0
(APIServer pid=1) INFO 06-01 10:00:01 [utils.py:200] non-default args: {'model': 'openai/gpt-oss-20b', 'max_model_len': 8192, 'gpu_memory_utilization': 0.95}
(EngineCore pid=9) INFO 06-01 10:00:40 [gpu_model_runner.py:2007] Model loading took 13.64 GiB memory and 9.1 seconds
(EngineCore pid=9) INFO 06-01 10:01:00 [gpu_worker.py:300] Available KV cache memory: 58.47 GiB
(EngineCore pid=9) INFO 06-01 10:01:00 [kv_cache_utils.py:1000] GPU KV cache size: 1,277,184 tokens
(EngineCore pid=9) INFO 06-01 10:01:00 [kv_cache_utils.py:1004] Maximum concurrency for 8,192 tokens per request: 155.75x
(EngineCore pid=9) ERROR 06-01 10:01:20 [core.py:700] EngineCore failed to start.
(EngineCore pid=9) ERROR 06-01 10:01:20 [core.py:700] Traceback (most recent call last):
(EngineCore pid=9) ERROR 06-01 10:01:20 [core.py:700]   File "vllm/v1/engine/core.py", line 691, in run_engine_core
(EngineCore pid=9) ERROR 06-01 10:01:20 [core.py:700] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 786.00 MiB. GPU 0 has a total capacity of 79.19 GiB of which 552.50 MiB is free.
(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above.
`;
