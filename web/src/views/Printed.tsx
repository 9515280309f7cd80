// vLLM's own lines: the two numbers it prints, or its refusal word for word.
import { count, range, times } from '../format';
import type { State, Store } from '../store';

export function Printed({ store, state }: { store: Store; state: State }) {
  const report = state.answer?.report;
  if (!report) return null;
  const { kv_cache: cache, uncertainty, verdict, log } = report;
  const length = Number(report.args['max_model_len'] ?? report.model.max_model_len ?? 0);
  const spread = state.deep.curve?.by_context.find(({ context_tokens }) => context_tokens === length)?.interval;
  return (
    <section class="block" aria-labelledby="printed">
      <div class="headrow">
        <h2 id="printed">What vLLM {report.engine.version} will print</h2>
        <button type="button" class="link" onClick={() => store.open('log')}>
          {log.length === 1 ? 'The line' : `All ${log.length} lines`}
        </button>
      </div>
      {verdict.fits && cache ? (
        <dl class="said">
          <div>
            <dt>GPU KV cache size</dt>
            <dd class="big">{count(cache.tokens)} tokens</dd>
            <dd class="sub">{uncertainty ? range(count(uncertainty.tokens[0]), count(uncertainty.tokens[1])) : ''}</dd>
          </div>
          <div>
            <dt>Maximum concurrency for {count(length)} tokens per request</dt>
            <dd class="big">
              <span aria-hidden="true">{cache.max_concurrency_printed}</span>
              <span class="vh">{cache.max_concurrency_printed.replace('x', ' times')}</span>
            </dd>
            <dd class="sub">{spread ? range(times(spread[0]), times(spread[1])) : '\u00a0'}</dd>
          </div>
        </dl>
      ) : (
        <div class="said refusal">
          <p>{verdict.message ?? 'Nothing about memory.'}</p>
        </div>
      )}
    </section>
  );
}
